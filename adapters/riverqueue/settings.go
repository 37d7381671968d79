package riverqueue

import (
	"context"
	"slices"
	"time"

	"github.com/riverqueue/river"
	"go.opentelemetry.io/otel/trace"

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
	ScrubEvery        time.Duration // between rounds of comparing the storage's listing with the database
	ArchiveEvery      time.Duration // between rounds of moving files to the archive and back
	RetainEvery       time.Duration // between rounds of removing what was kept long enough
	KeepDone          time.Duration // rows of jobs that were done or cancelled; 0 keeps them
	KeepDiscarded     time.Duration // rows of jobs that were given up; 0 keeps them
	SweepAge          time.Duration // a stored file without a document is an orphan after this

	// Process is who works the jobs: the name of this process's heartbeat. A job
	// of a process whose heartbeat is dead is given to another.
	Process string
	// Progress is told of each look for a queue's jobs; may be nil.
	Progress  func(queue string)
	Grace     time.Duration // what a run may take beyond its timeout before it is taken for lost
	WaitLimit time.Duration // a job may wait for a busy outside as long; then its document fails

	// Refused is told of each job that a service would not work for: a key or
	// money is missing. May be nil.
	Refused func(ctx context.Context, service core.Service, code core.Code)

	Observer Observer             // counts; may be nil
	Traces   trace.TracerProvider // makes spans; nil makes none
}

// went tells that a queue goes.
func (s Settings) went(queue string) {
	if s.Progress != nil {
		s.Progress(queue)
	}
}

// Longest is, by the kind of job, the time after which a run is taken for lost.
func (s Settings) Longest() map[string]time.Duration {
	longest := map[string]time.Duration{}
	for stage, setting := range s.Stages {
		longest[string(stage)] = setting.Timeout + s.Grace
	}
	for _, round := range []river.JobArgs{ReconcileArgs{}, TendArgs{}, SweepArgs{}, AwaitArgs{}, ArchiveArgs{}} {
		longest[round.Kind()] = roundTime + s.Grace
	}
	return longest
}

// Rounds lists the kinds of the rounds of upkeep.
func Rounds() (kinds []string) {
	for _, round := range []river.JobArgs{ReconcileArgs{}, TendArgs{}, SweepArgs{}, AwaitArgs{}, RetainArgs{}, ScrubArgs{}, ArchiveArgs{}} {
		kinds = append(kinds, round.Kind())
	}
	return kinds
}

// StagesOf lists the stages that a queue carries, by name.
func (s Settings) StagesOf(queue string) (stages []core.Stage) {
	for stage, setting := range s.Stages {
		if setting.Queue == queue {
			stages = append(stages, stage)
		}
	}
	slices.Sort(stages)
	return stages
}

// QueuesFor lists the queues that can do nothing without the service: each of
// their stages needs it. Upkeep is never among them, for it has other work.
func (s Settings) QueuesFor(service core.Service) (queues []string) {
	for _, queue := range Queues() {
		stages := s.StagesOf(queue)
		idle := func(stage core.Stage) bool { return !slices.Contains(stage.Needs(), service) }
		if len(stages) > 0 && queue != QueueUpkeep && !slices.ContainsFunc(stages, idle) {
			queues = append(queues, queue)
		}
	}
	return queues
}

// roundTime bounds a round of upkeep.
const roundTime = time.Minute

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
		Workers: map[string]int{QueueParse: 8, QueueReceive: 8, QueueLine: 16, QueueEmbed: 8, QueueUpkeep: 2, QueueReembed: 1},

		FetchCooldown:     10 * time.Millisecond,
		FetchPollInterval: 100 * time.Millisecond,
		SoftStop:          25 * time.Second,
		Rescue:            3 * time.Minute,
		ReconcileEvery:    10 * time.Second,
		AwaitEvery:        15 * time.Second,
		SweepEvery:        10 * time.Minute,
		TendEvery:         10 * time.Second,
		ScrubEvery:        24 * time.Hour,
		ArchiveEvery:      15 * time.Minute,
		RetainEvery:       time.Hour,
		KeepDone:          core.RetentionOf(core.DefaultRetention(), core.KeptJobs).For,
		KeepDiscarded:     core.RetentionOf(core.DefaultRetention(), core.KeptDiscarded).For,
		SweepAge:          time.Hour,
		Grace:             10 * time.Second,
		WaitLimit:         72 * time.Hour,
	}
}
