package httpapi

import (
	"crypto/sha256"
	"io"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

const maxHintBytes = 255 // of an id or a word in a callback

// callback takes one delivery: proven, stored once, and the work it hints at
// begun, or none of that. What is authentic is answered 200 even when nobody
// here knows the attempt, so that the sender stops; while the store is away the
// answer is 503, so that the sender comes again.
func (b *webhook) callback(r *http.Request) (any, error) {
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return nil, &refusal{
			err: core.Fail(core.CodeInvalid, nil), status: http.StatusUnsupportedMediaType,
			detail: "The body has to be sent without compression.",
		}
	}
	raw, err := io.ReadAll(r.Body) // in memory already, within the door's bound
	if err != nil {
		return nil, bodyRefused(http.StatusBadRequest)
	}
	attempt, hint, err := b.prove(r, raw)
	if err != nil {
		return nil, err
	}
	_, err = b.Inbox.Receive(r.Context(), ports.Callback{
		Attempt: attempt, EventID: hint.EventID, EventType: hint.EventType, ProviderJob: hint.ProviderJob,
		BodySHA256: sha256.Sum256(raw), BodyBytes: len(raw), Relevant: hint.Relevant,
	})
	if err != nil {
		return nil, err
	}
	return map[string]bool{"ok": true}, nil
}

// prove answers whose callback it is. With the attempt in the address the
// signature is checked before anything else looks at the body, and before the
// database is asked.
func (b *webhook) prove(r *http.Request, raw []byte) (core.ID, Hint, error) {
	forged := core.Fail(core.CodeBadSignature, nil)
	if text := r.PathValue("attempt"); text != "" {
		attempt, err := core.ParseID(text)
		if err != nil || attempt.IsZero() || !b.Authentic(attempt, r.Header, raw) {
			return core.ID{}, Hint{}, forged
		}
		hint, err := b.hint(raw)
		return attempt, hint, err
	}
	hint, err := b.hint(raw)
	if err != nil {
		return core.ID{}, Hint{}, err
	}
	attempt, err := b.attemptOf(r.Context(), hint)
	if err != nil {
		return core.ID{}, Hint{}, err
	}
	if !b.Authentic(attempt, r.Header, raw) {
		return core.ID{}, Hint{}, forged
	}
	return attempt, hint, nil
}

func (b *webhook) hint(raw []byte) (Hint, error) {
	hint, err := b.ReadHint(raw)
	if err != nil {
		return Hint{}, &refusal{
			err: core.Fail(core.CodeInvalid, nil), status: http.StatusBadRequest,
			detail: "The body is not valid JSON.",
		}
	}
	hint.EventID, hint.EventType, hint.ProviderJob = word(hint.EventID), word(hint.EventType), word(hint.ProviderJob)
	return hint, nil
}

// word drops what cannot be an id or a name: the store would refuse it, and the
// sender would come again with it for ever.
func word(text string) string {
	if len(text) > maxHintBytes || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return ""
	}
	return text
}
