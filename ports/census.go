package ports

import (
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// Census is how the whole deployment stands, by the database's word.
type Census struct {
	Documents []DocumentStanding // one an every status, none left out
	Jobs      []JobStanding      // of the queue's kinds and states that there are

	Callbacks      int           // documents that wait for one
	OldestCallback time.Duration // wait

	Paused     map[string]bool          // queues, and "intake"
	Processes  map[string]int           // living, by service
	Heartbeats map[string]time.Duration // age of the latest one, by service
	Leader     string                   // the process that leads the queue's own upkeep; empty while none does
	Leads      bool                     // it is this one
	Snapshots  map[string]time.Duration // for how long the oldest is held, by each of SnapshotHolders
	Skew       time.Duration            // this process' clock less the database's
	Budget     *float64                 // share used; nil without a budget
}

// DocumentStanding is the documents of one status.
type DocumentStanding struct {
	Status core.Status
	Count  int
	Oldest time.Duration // in that status
	Stuck  int           // longer there than it may take
}

// JobStanding is the jobs of a kind in a state.
type JobStanding struct {
	Queue, Kind, State string
	Count              int
	Oldest             time.Duration // since when the oldest may be taken; of available ones
}

// Who holds a snapshot, and with it the rows that died since: a session, a
// transaction that was prepared and never ended, or a replication slot.
const (
	HeldBySession  = "session"
	HeldByPrepared = "prepared"
	HeldBySlot     = "slot"
)

// SnapshotHolders lists them.
func SnapshotHolders() []string { return []string{HeldBySession, HeldByPrepared, HeldBySlot} }
