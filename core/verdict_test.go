package core_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/core"
)

// Every code has a verdict that fits its kind, and a service where it names one.
func TestL027_EveryCodeHasItsVerdict(t *testing.T) {
	t.Parallel()
	want := map[core.Kind]core.Verdict{core.Transient: core.VerdictRetry, core.Busy: core.VerdictSnooze, core.Paused: core.VerdictPause}
	services := []core.Service{core.ServiceParser, core.ServiceEmbedder, core.ServiceStorage, core.ServiceAccounts, core.ServiceDatabase}
	for _, code := range core.Codes() {
		ruling := core.Rule(core.Fail(code, nil))
		verdict, waits := want[code.Kind()]
		if code.Kind() == core.Paused && ruling.Accused == "" {
			verdict = core.VerdictSnooze
		}
		if !waits {
			verdict = core.VerdictFail
		}
		if ruling.Verdict != verdict {
			t.Errorf("%s, %s: the verdict is %s, want %s", code, code.Kind(), ruling.Verdict, verdict)
		}
		if (ruling.Wait > 0) != waits {
			t.Errorf("%s: waits %s", code, ruling.Wait)
		}
		for _, service := range services {
			named := strings.HasPrefix(string(code), string(service)+"_") && waits
			if named && ruling.Accused != service {
				t.Errorf("%s accuses %q", code, ruling.Accused)
			}
		}
	}
}

// Money and keys never fail a document, and what a document is at fault for
// never accuses a service that waits would be spent on.
func TestKeysAndMoneyPauseTheQueue(t *testing.T) {
	t.Parallel()
	for _, code := range []core.Code{core.CodeParserKey, core.CodeParserCredits, core.CodeEmbedderKey, core.CodeEmbedderCredits, core.CodeStorageDenied} {
		if r := core.Rule(core.Fail(code, nil)); r.Verdict != core.VerdictPause || r.Accused == "" {
			t.Errorf("%s: %+v", code, r)
		}
		if _, out := core.Outage(core.Fail(code, nil)); out {
			t.Errorf("%s counts as an outage: the service answered", code)
		}
	}
}

// An adapter's own kind wins over the code's usual one.
func TestTheErrorsOwnKindDecides(t *testing.T) {
	t.Parallel()
	busy := core.Wait(core.CodeParserUnavailable, 0, nil)
	if r := core.Rule(busy); r.Verdict != core.VerdictSnooze || r.Accused != core.ServiceParser {
		t.Errorf("unavailable with a time to come back: %+v", r)
	}
	if r := core.Rule(&core.Error{Code: core.CodeParseFailed, Kind: core.Transient}); r.Verdict != core.VerdictRetry || r.Accused != "" {
		t.Errorf("a failed parse worth another: %+v", r)
	}
}

// A stage's needs are of the services, and each leg that calls one names it.
func TestEveryStageNamesWhatItNeeds(t *testing.T) {
	t.Parallel()
	for stage, want := range map[core.Stage]core.Service{core.Parse: core.ServiceParser, core.Receive: core.ServiceParser, core.Forget: core.ServiceParser,
		core.Embed: core.ServiceEmbedder, core.Reembed: core.ServiceEmbedder, core.Arrive: core.ServiceStorage, core.Purge: core.ServiceStorage} {
		if !slices.Contains(stage.Needs(), want) {
			t.Errorf("%s needs %v", stage, stage.Needs())
		}
	}
	for _, stage := range []core.Stage{core.Validate, core.Chunk, core.Finish} {
		if stage.Needs() != nil {
			t.Errorf("%s needs %v", stage, stage.Needs())
		}
	}
}

// What is certain not to have been done need not be looked for.
func TestWhatIsSettledAndWhatIsNot(t *testing.T) {
	t.Parallel()
	unasked := core.Wait(core.CodeParserUnavailable, 0, fmt.Errorf("breaker: %w", core.ErrUnasked))
	for err, want := range map[error]bool{
		unasked:                                    true,
		core.Fail(core.CodeParserKey, nil):         true,
		core.Fail(core.CodeParserBusy, nil):        true,
		core.Fail(core.CodeParserUnavailable, nil): false,
		core.Wait(core.CodeParserUnavailable, 0, errors.New("503 with a time")): false,
		errors.New("cut off"): false,
	} {
		if core.Settled(err) != want {
			t.Errorf("%#v: settled is %t", err, !want)
		}
	}
	if _, out := core.Outage(unasked); out {
		t.Error("a call that was not made counts as an outage")
	}
	if service, out := core.Outage(core.Fail(core.CodeEmbedderUnavailable, nil)); !out || service != core.ServiceEmbedder {
		t.Errorf("an outage of the embedder is %q, %t", service, out)
	}
}
