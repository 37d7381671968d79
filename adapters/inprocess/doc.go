// Package inprocess holds what a deployment of one process keeps in its own
// memory, and a larger one falls back upon when the shared store is away.
package inprocess
