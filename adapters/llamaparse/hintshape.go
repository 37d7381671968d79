package llamaparse

import (
	"encoding/json"
	"strings"
)

// maxWord is the longest text taken for an id, a name or a status.
const maxWord = 128

const (
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	signs   = letters + "0123456789"
)

// form is what a word begins with, and what it is made of. Every callback has
// many words, and an expression for each would be a good part of its cost.
type form struct{ first, all string }

var (
	idForm   = form{signs, signs + "_.:-"}
	typeForm = form{letters, signs + "_."}
)

// envelopeShape is every field of every shape that a Hint is read from. Texts
// are noted as being there and are not kept.
type envelopeShape struct {
	EventID    word    `json:"event_id"`
	EventType  word    `json:"event_type"`
	Status     word    `json:"status"`
	ID         word    `json:"id"`
	JobID      word    `json:"job_id"`
	ParseJobID word    `json:"parse_job_id"`
	Data       section `json:"data"`
	Result     section `json:"result"`
	Artifacts  present `json:"artifacts"`
	Error      present `json:"error"`
	Markdown   present `json:"md"`
	Text       present `json:"txt"`
	Pages      present `json:"json"`
	Parsed     present `json:"parsed_content"`
}

func (e envelopeShape) hint() Hint {
	return Hint{
		EventID:     formed(e.EventID, idForm),
		EventType:   formed(e.EventType, typeForm),
		ProviderJob: e.job(),
		Status:      e.status(),
		Shape:       e.shape(),
	}
}

// job looks in every place a job's id was seen in, the surest first. Where
// parse_job_id stands, job_id is the receiver's own.
func (e envelopeShape) job() string {
	for _, w := range []word{e.ParseJobID, e.Data.ID, e.Data.JobID, e.Data.Job.ID, e.JobID, e.ID, e.Result.JobID} {
		if id := formed(w, idForm); id != "" {
			return id
		}
	}
	return ""
}

// status prefers the event's name, then the words in the body. An error beside
// a missing word is a failure.
func (e envelopeShape) status() string {
	_, ending, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(string(e.EventType), "_", ".")), "parse.")
	for _, w := range []string{ending, string(e.Status), string(e.Data.Status), string(e.Data.Job.Status), string(e.Result.Status)} {
		if w != "" {
			return stateOf(w)
		}
	}
	if e.Error || e.Result.Error {
		return StatusFailed
	}
	return ""
}

func (e envelopeShape) shape() string {
	switch {
	case e.EventID != "" || e.EventType != "" || e.Data.there:
		return ShapeEvent
	case e.Result.there:
		return ShapeResult
	case bool(e.Artifacts):
		return ShapeArtifacts
	case bool(e.Markdown || e.Text || e.Pages || e.Parsed):
		return ShapePush
	case e.Status != "" || e.JobID != "" || e.ID != "":
		return ShapeStatus
	default:
		return ShapeUnknown
	}
}

var spelling = strings.NewReplacer(".", "_", "-", "_", " ", "_")

// stateOf maps every status word on record, of jobs and of callbacks.
func stateOf(w string) string {
	switch strings.ToLower(spelling.Replace(w)) {
	case "pending", "queued":
		return StatusPending
	case "running", "processing", "started":
		return StatusRunning
	case "completed", "complete", "success", "done", "ok", "parsed":
		return StatusCompleted
	case "partial_success", "partial":
		return StatusPartial
	case "failed", "failure", "error":
		return StatusFailed
	case "cancelled", "canceled":
		return StatusCancelled
	default:
		return StatusUnknown
	}
}

// formed is the word when it has the form, else nothing: a field that holds
// prose is not passed on.
func formed(w word, f form) string {
	if w == "" || strings.IndexByte(f.first, w[0]) < 0 || strings.Trim(string(w), f.all) != "" {
		return ""
	}
	return string(w)
}

// word is a short JSON text. Longer texts and other types leave it empty.
type word string

// UnmarshalJSON never fails on JSON.
func (w *word) UnmarshalJSON(raw []byte) error {
	*w = ""
	var text string
	if len(raw) <= 6*maxWord && json.Unmarshal(raw, &text) == nil && len(text) <= maxWord {
		*w = word(text)
	}
	return nil
}

// present notes that a field is there and not null.
type present bool

// UnmarshalJSON never fails on JSON.
func (p *present) UnmarshalJSON(raw []byte) error {
	*p = string(raw) != "null"
	return nil
}

// section is an object within the callback; a list or a text in its place is
// noted and not read.
type section struct {
	fields
	there bool
}

type fields struct {
	ID     word    `json:"id"`
	JobID  word    `json:"job_id"`
	Status word    `json:"status"`
	Error  present `json:"error"`
	Job    struct {
		ID     word `json:"id"`
		Status word `json:"status"`
	} `json:"-"`
}

// UnmarshalJSON never fails on JSON.
func (s *section) UnmarshalJSON(raw []byte) error {
	*s = section{there: string(raw) != "null"}
	if len(raw) == 0 || raw[0] != '{' {
		return nil
	}
	_ = json.Unmarshal(raw, &s.fields)
	var inner struct {
		Job json.RawMessage `json:"job"`
	}
	if json.Unmarshal(raw, &inner) == nil {
		_ = json.Unmarshal(inner.Job, &s.Job) // another type than an object leaves it empty
	}
	return nil
}

// Relevant reports whether the callback says that the job ended, or says a word
// that is not on record: both are reasons to ask the parser.
func (h Hint) Relevant() bool { return h.Status != StatusPending && h.Status != StatusRunning }
