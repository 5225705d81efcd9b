// Package onvif asks cameras, by the ONVIF services, where their streams are.
//
// It knows no more of ONVIF than that: the clock, the services, the profiles of
// Media 1 and Media 2, and the addresses of their streams. What cameras answer
// is read leniently (names count, namespaces do not: too many cameras have them
// wrong) and believed little: only the host that was asked is ever connected
// to, whatever address an answer names, for behind NAT a camera knows only its
// inner one, and a hostile one must not send citywatch elsewhere. Answers are
// bounded, and no password leaves this machine but as a digest.
package onvif
