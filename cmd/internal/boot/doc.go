// Package boot is the only one that knows everything: it reads the
// configuration, opens each thing once, and serves it.
package boot
