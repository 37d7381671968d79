package pipeline_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/pipeline"
)

// both is a parser that is away or not, with what reached it.
type both struct {
	*parser
	fetched   result
	forgotten []core.Document
}

func (b *both) Fetch(ctx context.Context, doc core.Document) (core.Text, error) {
	return b.fetched.Fetch(ctx, doc)
}

func (b *both) Forget(_ context.Context, doc core.Document) error {
	b.forgotten = append(b.forgotten, doc)
	return nil
}

var errParserAway = core.Fail(core.CodeParserUnavailable, nil)

var (
	read   = []core.Page{{Number: 1, Text: "covered"}, {Number: 2}}
	scan   = []core.Page{{Number: 1, Text: "covered"}, {Number: 2, Failed: string(core.CodeNeedsOCR)}}
	layers = map[string]result{
		"all":    {text: core.Text{Pages: read, Parser: "reader"}},
		"a scan": {text: core.Text{Pages: scan, Parser: "reader"}},
		"short":  {text: core.Text{Pages: read[:1], Parser: "reader"}},
		"blank":  {text: core.Text{Pages: []core.Page{{Number: 1}, {Number: 2}}}},
		"broken": {err: core.Fail(core.CodeNeedsOCR, nil)},
	}
)

func standby(outside *both, layer string, away time.Duration) pipeline.Standby {
	return pipeline.Standby{Outside: outside, Reader: layers[layer], After: time.Minute, Away: func() time.Duration { return away }}
}

// A document goes to the standby when the parser has been away for long, and
// only one that it reads whole; any other waits with the parser's own error.
func TestL025_TheStandbyReadsWhatItCanReadWhole(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		layer string
		away  time.Duration
		err   error
		takes bool
	}{
		{"all", time.Minute, errParserAway, true},
		{"all", time.Minute, core.Wait(core.CodeParserUnavailable, time.Second, core.ErrUnasked), true},
		{"all", time.Minute - 1, errParserAway, false},
		{"all", time.Hour, core.Fail(core.CodeParserKey, nil), false}, // it is there, and does not want us
		{"all", time.Hour, core.Fail(core.CodeParserBusy, nil), false},
		{"all", time.Hour, core.Fail(core.CodeParserRefused, nil), false},
		{"a scan", time.Hour, errParserAway, false},
		{"short", time.Hour, errParserAway, false},
		{"blank", time.Hour, errParserAway, false},
		{"broken", time.Hour, errParserAway, false},
	} {
		t.Run(fmt.Sprintf("%s after %s of %v", c.layer, c.away, c.err), func(t *testing.T) {
			t.Parallel()
			doc := document("the policy", 2)
			outside := &both{parser: &parser{refuses: c.err, findErr: c.err}, fetched: result{err: c.err}}
			s := standby(outside, c.layer, c.away)
			stage := pipeline.Parsing{Blobs: stored("the policy"), Parser: s, Callback: callback}
			made, err := stage.Make(t.Context(), doc)
			looking := doc
			looking.Submitting = true
			found, findErr := stage.Make(t.Context(), looking)
			text, fetchErr := s.Fetch(t.Context(), doc)
			if !c.takes {
				if err != c.err || findErr != c.err || fetchErr != c.err { //nolint:errorlint // the very error
					t.Errorf("made %v, %v; %v, %v; %v, %v", made, err, found, findErr, text, fetchErr)
				}
				return
			}
			want := core.Made(core.Queued{ProviderJob: "standby-" + doc.Job.String(), Ready: true})
			if !cmp.Equal(want, made) || !cmp.Equal(want, found) || fetchErr != nil || !text.Standby || text.Parser != "reader" {
				t.Errorf("made %v, %v; %v, %v; %v, %v", made, err, found, findErr, text, fetchErr)
			}
		})
	}
}

// The bytes of a document that is taken over are proved like any other's.
func TestTheStandbyTakesNoFileThatWasChanged(t *testing.T) {
	t.Parallel()
	outside := &both{parser: &parser{refuses: errParserAway}}
	stage := pipeline.Parsing{Blobs: stored("The policy"), Parser: standby(outside, "all", time.Hour), Callback: callback}
	_, err := stage.Make(t.Context(), document("the policy", 2))
	wantCode(t, err, core.CodeFileChanged, core.Permanent)
}

// What was taken over is read by the standby whether the parser is back or not,
// and says so; what it may have begun is then looked for and stopped.
func TestL031_WhatWasTakenOverSaysSoAndIsStoppedAtTheParser(t *testing.T) {
	t.Parallel()
	doc := document("the policy", 2)
	doc.ProviderJob, doc.Status = "standby-"+doc.Job.String(), core.Parsed
	outside := &both{parser: &parser{found: true}, fetched: result{text: core.Text{Parser: "parser"}}}
	s := standby(outside, "all", 0)
	if text, err := s.Fetch(t.Context(), doc); err != nil || text.Parser != "reader" || !text.Standby {
		t.Errorf("fetched %v, %v", text, err)
	}
	if err := s.Forget(t.Context(), doc); err != nil {
		t.Fatal(err)
	}
	if got := outside.forgotten; len(got) != 1 || got[0].ProviderJob != "job-found" || got[0].Status != core.ParseQueued {
		t.Errorf("forgotten: %+v", got)
	}
	outside.findErr = errParserAway
	if err := s.Forget(t.Context(), doc); err == nil || len(outside.forgotten) != 1 {
		t.Error("a parser that is away was not to be asked again")
	}
}

// A parser that answers is believed, and the standby is not asked.
func TestTheStandbyRestsWhileTheParserAnswers(t *testing.T) {
	t.Parallel()
	doc := document("the policy", 2)
	doc.ProviderJob = "job-1"
	outside := &both{parser: &parser{}, fetched: result{text: core.Text{Parser: "parser"}}}
	s := standby(outside, "broken", time.Hour)
	if text, err := s.Fetch(t.Context(), doc); err != nil || text.Parser != "parser" || text.Standby {
		t.Errorf("fetched %v, %v", text, err)
	}
	if err := s.Forget(t.Context(), doc); err != nil || outside.forgotten[0].ProviderJob != "job-1" || len(outside.calls) != 0 {
		t.Errorf("forgotten %v, calls %v, %v", outside.forgotten, outside.calls, err)
	}
	off := pipeline.Standby{Outside: &both{parser: &parser{}, fetched: result{err: errParserAway}}, Reader: layers["all"], Away: func() time.Duration { return time.Hour }}
	if _, err := off.Fetch(t.Context(), doc); err != errParserAway { //nolint:errorlint // the very error
		t.Errorf("without a time the standby took over: %v", err)
	}
}
