package ports

import (
	"context"
	"time"
)

// Dependency is the last real result of a call to something outside.
type Dependency struct {
	Name  string    `json:"name"`
	OK    bool      `json:"ok"`
	Code  string    `json:"code,omitempty"` // of the failure
	Since time.Time `json:"at"`             // of that call
	Held  bool      `json:"held,omitempty"` // calls are held back, for it was away: one now and then finds out
}

// Health tells what this deployment knows of itself.
type Health interface {
	// Dependencies answers within a second, from what is known: what is there may
	// be some seconds old, and Since tells.
	Dependencies(ctx context.Context) []Dependency
}
