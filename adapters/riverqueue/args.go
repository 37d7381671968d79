package riverqueue

import (
	"github.com/riverqueue/river"

	"github.com/insurance-navigator/navigator/core"
)

// Step is what every job of the line carries.
type Step struct {
	Document core.ID `json:"document"`
	Attempt  int     `json:"attempt"`
	Turn     int     `json:"turn"`
	Hint     bool    `json:"hint,omitempty"`
}

func (s Step) step() Step { return s }

func (s Step) job(stage core.Stage) core.Job {
	return core.Job{Stage: stage, Document: s.Document, Attempt: s.Attempt, Turn: s.Turn, Hint: s.Hint}
}

// One type a stage: the kind is the stage's name.
type (
	// ParseArgs is the job of stage parse.
	ParseArgs struct{ Step }
	// ReceiveArgs is the job of stage receive.
	ReceiveArgs struct{ Step }
	// ValidateArgs is the job of stage validate.
	ValidateArgs struct{ Step }
	// ChunkArgs is the job of stage chunk.
	ChunkArgs struct{ Step }
	// EmbedArgs is the job of stage embed.
	EmbedArgs struct{ Step }
	// FinishArgs is the job of stage finish.
	FinishArgs struct{ Step }
	// ForgetArgs is the job of stage forget.
	ForgetArgs struct{ Step }
	// PurgeArgs is the job of stage purge.
	PurgeArgs struct{ Step }
	// ReembedArgs is the job of stage reembed.
	ReembedArgs struct{ Step }
	// ArriveArgs is the job of stage arrive.
	ArriveArgs struct{ Step }
)

// Kind is river.JobArgs.
func (ParseArgs) Kind() string { return string(core.Parse) }

// Kind is river.JobArgs.
func (ReceiveArgs) Kind() string { return string(core.Receive) }

// Kind is river.JobArgs.
func (ValidateArgs) Kind() string { return string(core.Validate) }

// Kind is river.JobArgs.
func (ChunkArgs) Kind() string { return string(core.Chunk) }

// Kind is river.JobArgs.
func (EmbedArgs) Kind() string { return string(core.Embed) }

// Kind is river.JobArgs.
func (FinishArgs) Kind() string { return string(core.Finish) }

// Kind is river.JobArgs.
func (ForgetArgs) Kind() string { return string(core.Forget) }

// Kind is river.JobArgs.
func (PurgeArgs) Kind() string { return string(core.Purge) }

// Kind is river.JobArgs.
func (ReembedArgs) Kind() string { return string(core.Reembed) }

// Kind is river.JobArgs.
func (ArriveArgs) Kind() string { return string(core.Arrive) }

// argsOf gives a job its River type; nil for a stage there is none for.
func argsOf(job core.Job) river.JobArgs {
	step := Step{Document: job.Document, Attempt: job.Attempt, Turn: job.Turn, Hint: job.Hint}
	switch job.Stage {
	case core.Parse:
		return ParseArgs{step}
	case core.Receive:
		return ReceiveArgs{step}
	case core.Validate:
		return ValidateArgs{step}
	case core.Chunk:
		return ChunkArgs{step}
	case core.Embed:
		return EmbedArgs{step}
	case core.Finish:
		return FinishArgs{step}
	case core.Forget:
		return ForgetArgs{step}
	case core.Purge:
		return PurgeArgs{step}
	case core.Reembed:
		return ReembedArgs{step}
	case core.Arrive:
		return ArriveArgs{step}
	}
	return nil
}

// ReconcileArgs starts a round of polling the documents that wait.
type ReconcileArgs struct{}

// Kind is river.JobArgs.
func (ReconcileArgs) Kind() string { return "reconcile" }

// TendArgs starts a round of driving the generation that is built.
type TendArgs struct{}

// Kind is river.JobArgs.
func (TendArgs) Kind() string { return "tend" }

// ScrubArgs starts a round of comparing the storage's listing with the database.
type ScrubArgs struct{}

// Kind is river.JobArgs.
func (ScrubArgs) Kind() string { return "scrub" }

// ArchiveArgs starts a round of moving files to the archive and back.
type ArchiveArgs struct{}

// Kind is river.JobArgs.
func (ArchiveArgs) Kind() string { return "archive" }

// RetainArgs starts a round of removing what was kept long enough.
type RetainArgs struct{}

// Kind is river.JobArgs.
func (RetainArgs) Kind() string { return "retain" }

// SweepArgs starts a round of removing stored files without a document.
type SweepArgs struct{}

// Kind is river.JobArgs.
func (SweepArgs) Kind() string { return "sweep" }

// AwaitArgs starts a round of looking for the files of announced uploads.
type AwaitArgs struct{}

// Kind is river.JobArgs.
func (AwaitArgs) Kind() string { return "await" }
