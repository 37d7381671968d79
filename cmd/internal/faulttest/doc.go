// Package faulttest proves the whole product under faults, on the production
// binaries: killed at each commit and each call (make crash), and under every
// fault at once (make chaos). It holds tests alone.
package faulttest
