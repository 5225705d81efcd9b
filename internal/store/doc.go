// Package store keeps what devices measured.
package store
