// Package faulttest proves the whole product under faults, on the production
// binaries: killed at each commit and each call (make crash), under one fault
// after the other, under every fault at once (make chaos), and under a steady
// load (make soak). It holds tests alone.
package faulttest
