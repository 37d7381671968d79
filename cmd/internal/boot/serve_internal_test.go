package boot

import (
	"testing"
	"time"
)

// What does not end is not waited for.
func TestEndsIn(t *testing.T) {
	t.Parallel()
	never := make(chan struct{})
	defer close(never)
	if endsIn(time.Millisecond, func() { <-never }) {
		t.Error("work that goes on is said to have ended")
	}
	done := false
	if !endsIn(time.Minute, func() { done = true }) || !done {
		t.Error("work that ended is said to go on")
	}
}
