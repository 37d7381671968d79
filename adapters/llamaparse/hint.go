package llamaparse

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/insurance-navigator/navigator/core"
)

// The words a Hint's Status may be; empty means the callback gave none.
const (
	StatusPending   = "pending"
	StatusRunning   = "running"
	StatusCompleted = "completed"
	StatusPartial   = "partial"
	StatusFailed    = "failed"
	StatusCancelled = "cancelled"
	StatusUnknown   = "unknown" // a word that is not on record: count it
)

// The shapes of callbacks on record.
const (
	ShapeEvent     = "event"     // an event with ids and no text: what is asked for
	ShapePush      = "push"      // the document at the top
	ShapeResult    = "result"    // the document, or its pages, in "result"
	ShapeArtifacts = "artifacts" // names of stored artifacts
	ShapeStatus    = "status"    // a job's id and status, no more
	ShapeUnknown   = "unknown"   // an object with none of that
)

// Hint is what a callback says. None of it is the truth: it says which job to
// ask about, and the job's own answer decides. It never holds document text.
type Hint struct {
	EventID     string // empty where the callback has none: its body's hash then tells it from others
	EventType   string // as sent, e.g. "parse.success"
	ProviderJob string // with or without its prefix: compare by SameID; empty where only the address tells
	Status      string // one of the Status words
	Shape       string // one of the Shape words
}

const (
	maxHint  = 16 << 20 // larger bodies are refused here whatever the door allows
	maxDepth = 64
)

var (
	errHintSize  = errors.New("llamaparse: callback too large")
	errHintDepth = errors.New("llamaparse: callback nested too deep")
	errHintShape = errors.New("llamaparse: callback is not a JSON object")
)

// ReadHint reads a callback of any shape on record. A body that is a JSON text
// holding JSON is opened, twice at most. What is not a JSON object in the end
// gives CodeInvalid; an object that says nothing gives an empty Hint.
func ReadHint(raw []byte) (Hint, error) {
	if len(raw) > maxHint {
		return Hint{}, core.Fail(core.CodeInvalid, errHintSize)
	}
	body, err := opened(raw)
	if err != nil {
		return Hint{}, core.Fail(core.CodeInvalid, err)
	}
	if deeperThan(body, maxDepth) {
		return Hint{}, core.Fail(core.CodeInvalid, errHintDepth)
	}
	var e envelopeShape
	if json.Unmarshal(body, &e) != nil {
		return Hint{}, core.Fail(core.CodeInvalid, errHintShape)
	}
	return e.hint(), nil
}

// opened unpacks a body sent as a JSON text, and the same once more.
func opened(raw []byte) ([]byte, error) {
	body := bytes.TrimSpace(raw)
	for range 2 {
		if len(body) == 0 || body[0] != '"' {
			break
		}
		var inner string
		if json.Unmarshal(body, &inner) != nil {
			return nil, errHintShape
		}
		body = bytes.TrimSpace([]byte(inner))
	}
	if len(body) == 0 || body[0] != '{' {
		return nil, errHintShape
	}
	return body, nil
}

// deeperThan counts brackets outside of texts, before anything is built.
func deeperThan(body []byte, limit int) bool {
	depth, inText := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case inText && c == '\\':
			i++
		case c == '"':
			inText = !inText
		case inText:
		case c == '{' || c == '[':
			if depth++; depth > limit {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}
