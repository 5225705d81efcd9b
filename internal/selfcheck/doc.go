// Package selfcheck has citywatch watch itself, by the means with which it
// watches everything else: its own metrics become readings of a device, and
// rules make alerts of them.
//
// That cannot tell that citywatch is dead. For that there is a heartbeat, which
// somebody outside misses when it stops: it is sent only while readings are
// taken and the canary, a message that citywatch sends itself through each
// broker, comes back.
package selfcheck
