// Package audit holds the words of the invariants' checker: what must be true
// of every document at every moment, and what is told where it is not. The
// checker reads the database, the storage's and the parser's listings, and what
// clients remember; it changes nothing.
package audit

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/insurance-navigator/navigator/core"
)

// Violation is one thing that is not as an invariant says. It holds ids,
// numbers and words of the Line, and nothing personal.
type Violation struct {
	Invariant int     `json:"invariant"` // 1 to 6
	Rule      string  `json:"rule"`
	Document  core.ID `json:"document,omitzero"` // zero where none is known
	Detail    string  `json:"detail"`
	Mendable  bool    `json:"mendable"` // Mend knows a safe way

	Subject string `json:"-"` // what to mend: a storage key, or an attempt's id
}

// Rule is one way in which an invariant is looked at.
type Rule struct {
	Name      string
	Invariant int
	Means     string // what a violation says, for a person
	Mendable  bool
}

// The rules that the checker itself names; those of the database alone stand
// in the table and are named by their SQL.
const (
	FileMissing      = "file_missing"
	FileDiffers      = "file_differs"
	FileOrphaned     = "file_orphaned"
	FileLeft         = "file_left"
	FileDoubled      = "file_doubled"
	FileElsewhere    = "file_elsewhere"
	CopyOrphaned     = "copy_orphaned"
	CopyLeft         = "copy_left"
	CopyUnknown      = "copy_unknown"
	ParsedTwice      = "parsed_twice"
	ParseForgotten   = "parse_forgotten"
	PaidTwice        = "paid_twice"
	UploadLost       = "upload_lost"
	UploadErased     = "upload_erased"
	UploadDoubled    = "upload_doubled"
	DeletionForgot   = "deletion_forgotten"
	WorkMissing      = "work_missing"
	IntentStale      = "intent_stale"
	VectorUnreal     = "vector_unreal"
	maxPaidPerUnique = 1.2
)

// Rules is every rule, by invariant.
var Rules = []Rule{
	{"attempts_uncounted", 1, "a document's attempts are not 1 to its present one", false},
	{"deadline_missing", 1, "a document waits for the parser without a deadline or a next poll", false},
	{"document_lost", 1, "a document has events but no row, and was never deleted", false},
	{FileMissing, 1, "a document's file is not in the storage", false},
	{FileElsewhere, 1, "a document's file lies in the other tier than its row says", true},
	{FileDiffers, 1, "a document's file is not the one that was uploaded", false},
	{"reason_missing", 1, "an attempt failed without a reason", false},
	{"upload_late", 1, "an announced upload is awaited long after its time", false},
	{UploadErased, 1, "a document that a client was promised is gone, and no client deleted it", false},
	{UploadLost, 1, "a document that a client was promised never was", false},
	{"work_late", 1, "a document's work has been due for long and is not done", false},
	{WorkMissing, 1, "a document is under way and no job carries it on", true},

	{"chunk_doubled", 2, "a document has a chunk twice", false},
	{"event_doubled", 2, "an attempt reached a status twice", false},
	{"job_doubled", 2, "a document's step is in two jobs", false},
	{PaidTwice, 2, "much more was embedded than there is to embed", false},
	{ParsedTwice, 2, "the parser has two jobs of one attempt", false},
	{"provider_job_doubled", 2, "two attempts share one job of the parser", false},
	{UploadDoubled, 2, "one idempotency key made two documents", false},

	{"attempt_left_open", 3, "an attempt that was followed by another has not ended", false},
	{"chain_broken", 3, "an attempt's events do not follow one another", false},
	{"end_doubled", 3, "an attempt ended twice", false},
	{"move_illegal", 3, "a document made a move that is not in the Line", false},
	{"start_illegal", 3, "an attempt started where it must not", false},
	{"status_unlike_events", 3, "a document's status is not that of its last event", false},

	{"chunks_miscounted", 4, "a complete document has no chunks, or not as many as were cut", false},
	{"model_differs", 4, "a vector is of another model than its generation", false},
	{"ordinals_torn", 4, "a document's chunks are not numbered from 0 without a gap", false},
	{"page_uncovered", 4, "a page of a complete document is in no chunk", false},
	{"receipt_unbalanced", 4, "a complete document's page receipt is missing or does not balance", false},
	{"vector_missing", 4, "a chunk of a complete document has no vector", false},
	{VectorUnreal, 4, "a vector is not of unit length", false},

	{CopyLeft, 5, "the parser holds a copy of a deleted document", true},
	{"deleted_stirs", 5, "something happened to a document after its deletion", false},
	{DeletionForgot, 5, "a document that a client deleted is there", false},
	{FileLeft, 5, "the storage holds the file of a deleted document", true},
	{"name_left", 5, "the name of a deleted document's file was kept", false},
	{"removal_unmarked", 5, "a document's mark of removal and its status disagree", false},
	{"rows_left", 5, "there are rows of a document that is not there", false},

	{"audit_log_broken", 6, "the chain of the audit log is broken: a row is missing, was changed, or is not in its place", false},
	{"audit_unsealed", 6, "a row of the audit log has waited long to be chained", false},
	{CopyOrphaned, 6, "the parser holds a copy that nothing needs", true},
	{CopyUnknown, 6, "the parser holds a copy of an attempt that is not known here", false},
	{FileDoubled, 6, "a document's file lies in both tiers, and no move is under way", true},
	{FileOrphaned, 6, "the storage holds a file that no document owns", true},
	{IntentStale, 6, "a file that was to be stored came to nothing and was not swept", false},
	{"owner_differs", 6, "parts of a document have another owner than it has", false},
	{ParseForgotten, 6, "a document waits for a job that the parser does not know", false},
}

// RuleOf finds a rule; ok is false for a name that is not in the table.
func RuleOf(name string) (Rule, bool) {
	i := slices.IndexFunc(Rules, func(r Rule) bool { return r.Name == name })
	if i < 0 {
		return Rule{}, false
	}
	return Rules[i], true
}

// Found makes the violation of a rule of the table.
func Found(rule string, document core.ID, detail string) Violation {
	r, _ := RuleOf(rule)
	return Violation{Invariant: r.Invariant, Rule: rule, Document: document, Detail: detail, Mendable: r.Mendable}
}

// Sort puts violations in the order in which they are told.
func Sort(all []Violation) {
	slices.SortFunc(all, func(a, b Violation) int {
		return cmp.Or(cmp.Compare(a.Invariant, b.Invariant), cmp.Compare(a.Rule, b.Rule),
			bytes.Compare(a.Document[:], b.Document[:]), cmp.Compare(a.Detail, b.Detail))
	})
}

// both keeps what was found at either look: what was merely in motion is gone
// at the second. A storage that lost everything violates as often as it had files.
func both(first, second []Violation) []Violation {
	before := make(map[Violation]bool, len(first))
	for _, v := range first {
		before[v] = true
	}
	kept := []Violation{}
	for _, v := range second {
		if before[v] {
			kept = append(kept, v)
		}
	}
	return kept
}
