package pipeline_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/pipeline"
)

// shelves is a store of one document and a storage of both tiers. The step
// called breaks fails: before it has done anything, or after it has all.
type shelves struct {
	move    core.FileMove
	owned   string // the row's key
	intent  bool
	files   map[string][]byte
	breaks  string
	after   bool
	puts    int
	givenUp bool
	damage  bool // the storage keeps other bytes than it was given
}

func newShelves(content string) *shelves {
	m := core.FileMove{Document: core.NewID(), From: "user/document/original.pdf", To: "cold/user/document/original.pdf",
		ContentType: "application/pdf", Size: int64(len(content)), SHA256: sha256.Sum256([]byte(content))}
	return &shelves{move: m, owned: m.From, files: map[string][]byte{m.From: []byte(content)}}
}

// step does one, or breaks at its beginning or at its end.
func (s *shelves) step(name string, do func() error) error {
	if s.breaks == name && !s.after {
		return errBroken
	}
	if err := do(); err != nil {
		return err
	}
	if s.breaks == name {
		return errBroken
	}
	return nil
}

func (s *shelves) BeginMove(context.Context, core.ID, core.Tier, time.Duration) (core.FileMove, error) {
	if s.owned == s.move.To {
		return s.move, core.ErrStale
	}
	return s.move, s.step("begin", func() error { s.intent = true; return nil })
}

func (s *shelves) Switch(context.Context, core.FileMove, *core.Audit) error {
	return s.step("switch", func() error {
		if !s.intent || s.owned != s.move.From {
			return core.ErrStale
		}
		s.owned, s.intent = s.move.To, false
		return nil
	})
}

func (s *shelves) GiveUp(context.Context, core.FileMove) error {
	s.givenUp, s.intent = true, false
	return nil
}

func (s *shelves) Stat(_ context.Context, key string) (blob core.Blob, err error) {
	return blob, s.step("stat", func() error { return s.there(key) })
}

func (s *shelves) there(key string) error {
	if _, ok := s.files[key]; !ok {
		return core.Fail(core.CodeFileMissing, nil)
	}
	return nil
}

func (s *shelves) Open(_ context.Context, key string) (body io.ReadCloser, blob core.Blob, err error) {
	err = s.step("open "+string(core.TierOf(key)), func() error { return s.there(key) })
	return io.NopCloser(bytes.NewReader(s.files[key])), core.Blob{Key: key, Size: int64(len(s.files[key]))}, err
}

func (s *shelves) Put(_ context.Context, key string, body io.Reader, _ int64, _ string) error {
	return s.step("put", func() error {
		content, err := io.ReadAll(body)
		if err != nil {
			return core.Fail(core.CodeStorageUnavailable, err)
		}
		if s.there(key) == nil {
			return core.Fail(core.CodeStorageConflict, nil)
		}
		if s.damage {
			content[0] ^= 1
		}
		s.puts++
		s.files[key] = content
		return nil
	})
}

func (s *shelves) run(t *testing.T) error {
	t.Helper()
	return pipeline.Moving{Store: s, Blobs: s}.Run(t.Context(), s.move.Document, core.Cold, nil)
}

// A move that breaks before or after any of its steps leaves a file that can be
// read under the row's key, and its next run ends it without a second copy.
func TestAMoveThatBreaksAnywhereIsEndedByTheNextRun(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"begin", "stat", "open hot", "put", "open cold", "switch"} {
		for _, after := range []bool{false, true} {
			s := newShelves("policy")
			s.breaks, s.after = step, after
			if err := s.run(t); err == nil {
				if step != "stat" || !after { // nothing is there to be looked at
					t.Errorf("%s broke, and the move ended", step)
				}
			}
			if s.there(s.owned) != nil || s.givenUp {
				t.Errorf("%s broke: there is no file under the row's key, or it was given up", step)
			}
			s.breaks = ""
			if err := s.run(t); err != nil && !errors.Is(err, core.ErrStale) {
				t.Errorf("the run after %s broke: %v", step, err)
			}
			if s.owned != s.move.To || s.there(s.owned) != nil || s.puts != 1 {
				t.Errorf("after %s: the row names %s, %d copies were made", step, s.owned, s.puts)
			}
		}
	}
}

// Nothing but the uploaded bytes becomes the document's own.
func TestAMoveOfOtherBytesIsGivenUp(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*shelves){
		"the source is another":   func(s *shelves) { s.files[s.move.From] = []byte("policx") },
		"an earlier copy is more": func(s *shelves) { s.files[s.move.To] = []byte("policy and more") },
		"the source is short":     func(s *shelves) { s.files[s.move.From] = []byte("pol") },
		"the source is not there": func(s *shelves) { delete(s.files, s.move.From) },
		"the copy is another":     func(s *shelves) { s.damage = true },
		"an earlier copy is":      func(s *shelves) { s.files[s.move.To] = []byte("policx") },
		"an earlier copy is half": func(s *shelves) { s.files[s.move.To] = []byte("pol") },
	} {
		s := newShelves("policy")
		spoil(s)
		err := s.run(t)
		if !core.HasCode(err, core.CodeFileChanged) && !core.HasCode(err, core.CodeFileMissing) || s.owned != s.move.From || !s.givenUp {
			t.Errorf("%s: %v, the row names %s, given up: %t", name, err, s.owned, s.givenUp)
		}
	}
}

// One that was overtaken says so, and what it copied is nobody's.
func TestAMoveThatWasOvertakenIsGivenUp(t *testing.T) {
	t.Parallel()
	s := newShelves("policy")
	s.files[s.move.To] = []byte("policy") // by a run that goes on beside this one
	overtaken := &overtaking{shelves: s}
	err := pipeline.Moving{Store: overtaken, Blobs: s}.Run(t.Context(), s.move.Document, core.Cold, nil)
	if diff := cmp.Diff([]any{true, true, 0}, []any{errors.Is(err, core.ErrStale), s.givenUp, s.puts}); diff != "" {
		t.Errorf("stale, given up, copies:\n%s", diff)
	}
}

// overtaking is a store whose document is deleted before the switch.
type overtaking struct{ *shelves }

func (o *overtaking) Switch(context.Context, core.FileMove, *core.Audit) error { return core.ErrStale }
