// Package portstest holds one conformance suite a port. Every adapter of the
// port passes it, and so does every fake behind an adapter.
package portstest
