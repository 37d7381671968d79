package riverqueue

import (
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// Setting is how one kind of job is run.
type Setting struct {
	Queue    string
	Timeout  time.Duration // of one run
	Attempts int           // runs that may fail before the document does
}

// Settings is the one table of how jobs are run. Every figure can be set by
// environment; cmd/internal/boot lists the names.
type Settings struct {
	Stages  map[core.Stage]Setting
	Workers map[string]int // queue -> jobs at once in this process

	FetchCooldown     time.Duration // bounds throughput a queue: Workers / FetchCooldown
	FetchPollInterval time.Duration // bounds the wait for a job whose wake-up was suppressed
	PollOnly          bool          // no LISTEN: a transaction pooler lies between
	SoftStop          time.Duration // running jobs may take this long to end at a stop
	Rescue            time.Duration // a job running longer than this was lost with its process
	ReconcileEvery    time.Duration
	AwaitEvery        time.Duration // between rounds of looking for announced uploads' files
	SweepEvery        time.Duration
	TendEvery         time.Duration // between rounds of driving a run of reembed
	SweepAge          time.Duration // a stored file without a document is an orphan after this
}

// The queues: paced submissions to the parser, fetching its results, fast local
// work, calls to the embedder, upkeep, and the corpus made anew, so that none
// waits behind another.
const (
	QueueParse   = "parse"
	QueueReceive = "receive"
	QueueLine    = "line"
	QueueEmbed   = "embed"
	QueueUpkeep  = "upkeep"
	QueueReembed = "reembed"
)

// Queues lists them.
func Queues() []string {
	return []string{QueueParse, QueueReceive, QueueLine, QueueEmbed, QueueUpkeep, QueueReembed}
}

// DefaultSettings suits a worker of two cores.
func DefaultSettings() Settings {
	return Settings{
		Stages: map[core.Stage]Setting{
			core.Parse:    {QueueParse, 120 * time.Second, 6},
			core.Receive:  {QueueReceive, 120 * time.Second, 6}, // it may hand the file over once more
			core.Validate: {QueueLine, 60 * time.Second, 5},
			core.Chunk:    {QueueLine, 120 * time.Second, 5},
			core.Embed:    {QueueEmbed, 120 * time.Second, 8},
			core.Finish:   {QueueLine, 60 * time.Second, 5},
			core.Forget:   {QueueUpkeep, 60 * time.Second, 8},
			core.Purge:    {QueueUpkeep, 120 * time.Second, 8},
			core.Reembed:  {QueueReembed, 150 * time.Second, 8},
			core.Arrive:   {QueueReceive, 120 * time.Second, 8},
		},
		Workers: map[string]int{QueueParse: 8, QueueReceive: 8, QueueLine: 4, QueueEmbed: 4, QueueUpkeep: 2, QueueReembed: 1},

		FetchCooldown:     10 * time.Millisecond,
		FetchPollInterval: 100 * time.Millisecond,
		SoftStop:          25 * time.Second,
		Rescue:            3 * time.Minute,
		ReconcileEvery:    10 * time.Second,
		AwaitEvery:        15 * time.Second,
		SweepEvery:        10 * time.Minute,
		TendEvery:         10 * time.Second,
		SweepAge:          time.Hour,
	}
}
