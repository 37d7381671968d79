package llamaparse_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/llamaparse"
	"github.com/insurance-navigator/navigator/adapters/llamaparse/llamaparsetest"
	"github.com/insurance-navigator/navigator/core"
)

// scene is a parser, its fake, and a door for its callbacks.
type scene struct {
	*bench
	*door
}

// parsed takes a document there and back.
func (s scene) parsed(t *testing.T) (core.Text, error) {
	t.Helper()
	doc := s.bench.submitted(t, s.door.submission(threePage))
	return s.fetched(t, doc)
}

// called waits for n callbacks and gives the one at index at.
func (s scene) called(t *testing.T, n, at int) received {
	t.Helper()
	if _, err := s.parsed(t); err != nil {
		t.Fatal(err)
	}
	s.deliveries(t, n)
	return s.all()[at]
}

// refusal is a knob whose one occasion gives an error of that code and kind.
func refusal(set func(*llamaparsetest.Faults), code core.Code, kind core.Kind, after time.Duration) func(*testing.T, scene) {
	return func(t *testing.T, s scene) {
		set(s.fake.Faults)
		err := s.Healthy(t.Context())
		wantError(t, err, code, kind)
		if e := core.AsError(err); e.After != after {
			t.Errorf("it waits %s, want %s", e.After, after)
		}
		if err := s.Healthy(t.Context()); err != nil {
			t.Errorf("the next call: %v", err)
		}
	}
}

// reads is a knob under which a document is read as usual in the end.
func reads(set func(*llamaparsetest.Faults), more func(t *testing.T, s scene)) func(*testing.T, scene) {
	return func(t *testing.T, s scene) {
		set(s.fake.Faults)
		if text, err := s.parsed(t); err != nil || len(text.Pages) != 3 || text.Pages[1].Text != "page two" {
			t.Errorf("read %+v, %v", text, err)
		}
		if more != nil {
			more(t, s)
		}
	}
}

// fetches is a knob under which Fetch of an ended job answers so, once.
func fetches(set func(*llamaparsetest.Faults), code core.Code, kind core.Kind) func(*testing.T, scene) {
	return func(t *testing.T, s scene) {
		doc := s.bench.submitted(t, s.door.submission(threePage))
		if _, err := s.fetched(t, doc); err != nil {
			t.Fatal(err)
		}
		set(s.fake.Faults)
		_, err := s.Fetch(t.Context(), doc)
		wantError(t, err, code, kind)
		if _, err := s.Fetch(t.Context(), doc); err != nil {
			t.Errorf("the next time: %v", err)
		}
	}
}

// hints is a knob that changes what a callback proves or says.
func hints(set func(*llamaparsetest.Faults), authentic bool, shape string) func(*testing.T, scene) {
	return func(t *testing.T, s scene) {
		set(s.fake.Faults)
		if got := s.called(t, 1, 0); got.authentic != authentic || got.hint.Shape != shape || !got.hint.Relevant() {
			t.Errorf("received %v %+v", got.authentic, got.hint)
		}
	}
}

type faults = llamaparsetest.Faults

// onEveryKnob shows what the adapter makes of each fault there is.
var onEveryKnob = map[string]func(*testing.T, scene){
	"DropWebhook": reads(func(f *faults) { f.DropWebhook(llamaparsetest.Always) }, func(t *testing.T, s scene) {
		if n := len(s.all()); n != 0 {
			t.Errorf("%d callbacks", n)
		}
	}),
	"DuplicateWebhook": reads(func(f *faults) { f.DuplicateWebhook(1) }, func(t *testing.T, s scene) {
		if got := s.deliveries(t, 2); got[0].EventID != got[1].EventID {
			t.Errorf("delivered %+v", got)
		}
	}),
	"BadSignature": hints(func(f *faults) { f.BadSignature(1) }, false, llamaparse.ShapeEvent),
	"NoSignature":  hints(func(f *faults) { f.NoSignature(1) }, true, llamaparse.ShapeEvent), // by the token
	"OnlyDataID":   hints(func(f *faults) { f.OnlyDataID(1) }, true, llamaparse.ShapeEvent),
	"BareIDs":      hints(func(f *faults) { f.BareIDs(1) }, true, llamaparse.ShapeEvent),
	"StringBody":   hints(func(f *faults) { f.StringBody(1) }, true, llamaparse.ShapeEvent),
	"LegacyPush":   hints(func(f *faults) { f.LegacyPush(1) }, false, llamaparse.ShapePush),
	"LatePending": func(t *testing.T, s scene) {
		s.fake.Faults.LatePending(1)
		if got := s.called(t, 2, 1); !got.authentic || got.hint.Relevant() {
			t.Errorf("received %v %+v: it tells of nothing to fetch", got.authentic, got.hint)
		}
	},
	"WebhookBeforeAnswer": func(t *testing.T, s scene) {
		s.fake.Faults.WebhookBeforeAnswer(1)
		doc := s.bench.submitted(t, s.door.submission(threePage))
		if got := s.all(); len(got) != 1 || !llamaparse.SameID(got[0].hint.ProviderJob, doc.ProviderJob) {
			t.Errorf("received %+v before the answer", got)
		}
	},
	"ReadyAtOnce": func(t *testing.T, s scene) {
		s.fake.Faults.ReadyAtOnce(1)
		if q, err := s.Submit(t.Context(), s.door.submission(threePage)); err != nil || !q.Ready {
			t.Errorf("submitted %+v, %v", q, err)
		}
	},
	"PendingAfterEvent": fetches(func(f *faults) { f.PendingAfterEvent(1) }, core.CodeParseNotReady, core.Busy),
	"NotFoundResult":    fetches(func(f *faults) { f.NotFoundResult(1) }, core.CodeParseNotReady, core.Busy),
	"GoneJob":           fetches(func(f *faults) { f.GoneJob(1) }, core.CodeParseGone, core.Transient),
	"TruncateJSON":      fetches(func(f *faults) { f.TruncateJSON(1) }, core.CodeParserUnavailable, core.Transient),
	"ShufflePages":      reads(func(f *faults) { f.ShufflePages(1) }, nil),
	"Hold": func(t *testing.T, s scene) {
		s.fake.Faults.Hold()
		doc := s.bench.submitted(t, s.door.submission(threePage))
		_, err := s.Fetch(t.Context(), doc)
		wantError(t, err, core.CodeParseNotReady, core.Busy)
		s.fake.Faults.Release()
		if _, err := s.fetched(t, doc); err != nil {
			t.Error(err)
		}
	},
	"Delay": func(t *testing.T, s scene) {
		s.fake.Faults.Delay(time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := s.Healthy(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	},
	"FailWith": func(t *testing.T, s scene) {
		s.fake.Faults.FailWith("PDF_IS_PROTECTED")
		_, err := s.parsed(t)
		wantError(t, err, core.CodeFileEncrypted, core.Permanent)
	},
	"PageFailures": page(func(f *faults) { f.PageFailures(2) }, core.CodePageFailed, 0),
	"CutPage":      page(func(f *faults) { f.CutPage(2) }, core.CodePageCut, 64<<10),
	"Summary": func(t *testing.T, s scene) {
		s.fake.Faults.Summary("It is about a deductible.")
		if text, err := s.parsed(t); err != nil || len(text.Pages) != 1 {
			t.Errorf("%+v, %v: the page receipt is to find the others missing", text, err)
		}
	},
	"Status401":    refusal(func(f *faults) { f.Status401(1) }, core.CodeParserKey, core.Paused, 0),
	"Status402":    refusal(func(f *faults) { f.Status402(1) }, core.CodeParserCredits, core.Paused, 0),
	"Status403":    refusal(func(f *faults) { f.Status403(1) }, core.CodeParserKey, core.Paused, 0),
	"PlanLimit429": refusal(func(f *faults) { f.PlanLimit429(1) }, core.CodeParserCredits, core.Paused, 0),
	"Busy429":      refusal(func(f *faults) { f.Busy429(1, "7") }, core.CodeParserBusy, core.Busy, 7*time.Second),
	"RetryAfterMs": refusal(func(f *faults) { f.Busy429(1, "7"); f.RetryAfterMs("1500") }, core.CodeParserBusy, core.Busy, 1500*time.Millisecond),
	"ServerErrors": refusal(func(f *faults) { f.ServerErrors(1, 502) }, core.CodeParserUnavailable, core.Transient, 0),
	"LoseAnswer":   submits(func(f *faults) { f.Only(llamaparsetest.OpParse); f.LoseAnswer(1) }), // of a GET the transport asks again
	"CutUpload":    submits(func(f *faults) { f.CutUpload(1) }),
	"ExpiredFile":  submits(func(f *faults) { f.ExpiredFile(1) }),
	"EndedStatus": func(t *testing.T, s scene) {
		for _, status := range []int{400, 404, 409, 410, 422} {
			s.fake.Faults.EndedStatus(status)
			doc := s.bench.submitted(t, s.door.submission(threePage))
			if _, err := s.fetched(t, doc); err != nil {
				t.Fatal(err)
			}
			doc.Status = core.FailedParse
			if err := s.Forget(t.Context(), doc); err != nil {
				t.Errorf("%d for a job that has ended: %v", status, err)
			}
		}
	},
}

// page is a knob that spoils the second page.
func page(set func(*faults), code core.Code, size int) func(*testing.T, scene) {
	return func(t *testing.T, s scene) {
		set(s.fake.Faults)
		text, err := s.parsed(t)
		if err != nil || len(text.Pages) != 3 || text.Pages[1].Failed != string(code) || len(text.Pages[1].Text) != size {
			t.Errorf("%v, %v", text.Pages, err)
		}
		if text.Pages[0].Failed+text.Pages[2].Failed != "" {
			t.Error("the other pages failed, too")
		}
	}
}

// submits is a knob that fails a submission for this time alone.
func submits(set func(*faults)) func(*testing.T, scene) {
	return func(t *testing.T, s scene) {
		set(s.fake.Faults)
		sent := s.door.submission(threePage)
		_, err := s.Submit(t.Context(), sent)
		wantError(t, err, core.CodeParserUnavailable, core.Transient)
		sent.Body = strings.NewReader(threePage)
		if _, err := s.fetched(t, s.bench.submitted(t, sent)); err != nil {
			t.Errorf("the next time: %v", err)
		}
	}
}

func TestEveryFaultIsMetAsPromised(t *testing.T) {
	t.Parallel()
	var tested []string
	for name, check := range onEveryKnob {
		tested = append(tested, name)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, scene{newBench(t), newDoor(t)})
		})
	}
	slices.Sort(tested)
	if all := llamaparsetest.FaultNames(); !slices.Equal(tested, all) {
		t.Errorf("tested %v\nof %v", tested, all)
	}
}
