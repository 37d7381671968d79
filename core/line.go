package core

import "slices"

// Status is where a document stands. The words are a contract with clients,
// with the database (a CHECK holds the same list) and with the dashboards.
type Status string

// The ten statuses of a document on its way.
const (
	Uploaded            Status = "uploaded"
	ParseQueued         Status = "parse_queued"
	Parsed              Status = "parsed"
	ParseValidated      Status = "parse_validated"
	Chunking            Status = "chunking"
	ChunksStored        Status = "chunks_stored"
	EmbeddingQueued     Status = "embedding_queued"
	EmbeddingInProgress Status = "embedding_in_progress"
	EmbeddingsStored    Status = "embeddings_stored"
	Complete            Status = "complete"
)

// The ends that are not complete.
const (
	FailedParse     Status = "failed_parse"
	FailedChunking  Status = "failed_chunking"
	FailedEmbedding Status = "failed_embedding"
	Cancelled       Status = "cancelled"
	Deleting        Status = "deleting"
)

// Stage is one kind of work; each is a job kind of its own in the queue.
type Stage string

// The stages of the Line, in order.
const (
	Parse    Stage = "parse"
	Receive  Stage = "receive"
	Validate Stage = "validate"
	Chunk    Stage = "chunk"
	Embed    Stage = "embed"
	Finish   Stage = "finish"
)

// Housekeeping beside the Line: Forget removes the parser's copies once the
// text is kept; Purge removes whatever a deleted document left in storage, at
// the parser and in the database; Reembed carries a complete document to the
// generation that is built.
const (
	Forget  Stage = "forget"
	Purge   Stage = "purge"
	Reembed Stage = "reembed"
)

// Before the Line: an announced upload is awaited at AwaitingFile, and Arrive
// makes a document of the file that came.
const (
	AwaitingFile Stage = "awaiting_file"
	Arrive       Stage = "arrive"
)

// Leg is one stage's part of the way.
type Leg struct {
	Stage   Stage
	From    Status   // where the stage finds the document
	While   Status   // what it shows meanwhile; empty: still From
	Through []Status // what it passes once done; the last is its rest
	Fails   Status   // its end when trying again cannot help
	Next    Stage    // the job that carries it on; empty where it waits or ends
}

// Line is the whole way of a document. The SQL CHECK and the SQL move table,
// the OpenAPI enum, metric labels, progress and docs are generated from it or
// tested against it.
var Line = []Leg{
	{Stage: Parse, From: Uploaded, Through: []Status{ParseQueued}, Fails: FailedParse}, // then waits for the webhook, or for the reconciler
	{Stage: Receive, From: ParseQueued, Through: []Status{Parsed}, Fails: FailedParse, Next: Validate},
	{Stage: Validate, From: Parsed, Through: []Status{ParseValidated}, Fails: FailedParse, Next: Chunk},
	{Stage: Chunk, From: ParseValidated, While: Chunking, Through: []Status{ChunksStored, EmbeddingQueued}, Fails: FailedChunking, Next: Embed},
	{Stage: Embed, From: EmbeddingQueued, While: EmbeddingInProgress, Through: []Status{EmbeddingsStored}, Fails: FailedEmbedding, Next: Finish},
	{Stage: Finish, From: EmbeddingsStored, Through: []Status{Complete}, Fails: FailedEmbedding},
}

// Retries says where a new attempt starts after each end that allows one. A
// retry opens attempt n+1; it never moves attempt n.
var Retries = map[Status]Status{
	FailedParse:     Uploaded,
	FailedChunking:  ParseValidated,
	FailedEmbedding: EmbeddingQueued,
	Cancelled:       Uploaded,
}

// Way is the ten statuses in order, read off the Line.
func Way() []Status {
	way := []Status{Line[0].From}
	for _, leg := range Line {
		if leg.While != "" {
			way = append(way, leg.While)
		}
		way = append(way, leg.Through...)
	}
	return way
}

// Statuses is every word a status may be: the way, then the other ends.
func Statuses() []Status {
	return append(Way(), FailedParse, FailedChunking, FailedEmbedding, Cancelled, Deleting)
}

// Move is one allowed change of status within an attempt.
type Move struct{ From, To Status }

// Moves is every change the Line allows within an attempt. The database's
// upload_pipeline.is_move says the same, and a test compares the two.
func Moves() []Move {
	var moves []Move
	for _, leg := range Line {
		at := leg.From
		moves = append(moves, Move{at, leg.Fails})
		for _, to := range leg.path() {
			moves = append(moves, Move{at, to})
			at = to
			if to != leg.rest() {
				moves = append(moves, Move{at, leg.Fails})
			}
		}
	}
	for _, from := range Way()[:len(Way())-1] {
		moves = append(moves, Move{from, Cancelled})
	}
	for _, from := range Statuses() {
		if from != Deleting {
			moves = append(moves, Move{from, Deleting})
		}
	}
	slices.SortFunc(moves, compareMoves)
	return slices.Compact(moves)
}

func compareMoves(a, b Move) int {
	rank := func(s Status) int { return slices.Index(Statuses(), s) }
	if d := rank(a.From) - rank(b.From); d != 0 {
		return d
	}
	return rank(a.To) - rank(b.To)
}

// path is the leg's statuses after From, the one shown meanwhile first.
func (l Leg) path() []Status {
	if l.While == "" {
		return l.Through
	}
	return append([]Status{l.While}, l.Through...)
}

// rest is the status in which the leg leaves the document.
func (l Leg) rest() Status { return l.Through[len(l.Through)-1] }

// Shows reports whether the leg's stage may find the document in status s: at
// its start, or, when it runs again after a crash, in the status shown meanwhile.
func (l Leg) Shows(s Status) bool { return s == l.From || (l.While != "" && s == l.While) }

// Meanwhile is the status the document shows while the leg's stage runs.
func (l Leg) Meanwhile() Status {
	if l.While != "" {
		return l.While
	}
	return l.From
}

// LegOf finds a stage's leg; ok is false for a stage that is not in the Line.
func LegOf(stage Stage) (Leg, bool) {
	for _, leg := range Line {
		if leg.Stage == stage {
			return leg, true
		}
	}
	return Leg{}, false
}

// LegFrom finds the leg that carries a document on from status s, where a job
// of its own runs or will run; ok is false where the document waits or rests.
func LegFrom(s Status) (Leg, bool) {
	for _, leg := range Line {
		if leg.Shows(s) {
			return leg, true
		}
	}
	return Leg{}, false
}

// Stages is the stages of the Line in order.
func Stages() []Stage {
	stages := make([]Stage, len(Line))
	for i, leg := range Line {
		stages[i] = leg.Stage
	}
	return stages
}

// Terminal reports whether an attempt ends in s.
func (s Status) Terminal() bool {
	return s == Complete || s == FailedParse || s == FailedChunking || s == FailedEmbedding || s == Cancelled || s == Deleting
}

// Failed reports whether s is one of the failed ends.
func (s Status) Failed() bool {
	return s == FailedParse || s == FailedChunking || s == FailedEmbedding
}

// Known reports whether s is a word of the Line.
func (s Status) Known() bool { return slices.Contains(Statuses(), s) }

// Progress is the share of the way behind a status, 0 to 100. Ends that are
// not complete answer 0: the last good status' progress is the one to show.
func (s Status) Progress() int {
	way := Way()
	i := slices.Index(way, s)
	if i < 0 {
		return 0
	}
	return (i + 1) * 100 / len(way)
}
