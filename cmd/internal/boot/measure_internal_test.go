package boot

import (
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/ports"
)

// What waits is what another worker could take up: not what runs, what sleeps,
// or a round of upkeep.
func TestTheQueuesDepthIsWhatAnotherWorkerCouldTake(t *testing.T) {
	t.Parallel()
	jobs := []ports.JobStanding{
		{Queue: riverqueue.QueueParse, State: "available", Count: 3, Oldest: time.Minute},
		{Queue: riverqueue.QueueEmbed, State: "available", Count: 4, Oldest: 90 * time.Second},
		{Queue: riverqueue.QueueEmbed, State: "running", Count: 8},
		{Queue: riverqueue.QueueParse, State: "scheduled", Count: 16, Oldest: time.Hour},
		{Queue: riverqueue.QueueUpkeep, State: "available", Count: 32, Oldest: time.Hour},
	}
	if available, oldest := waiting(jobs); available != 7 || oldest != 90*time.Second {
		t.Errorf("%d, %s", available, oldest)
	}
	if available, oldest := waiting(nil); available != 0 || oldest != 0 {
		t.Errorf("%d, %s", available, oldest)
	}
}
