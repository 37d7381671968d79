package place_test

import (
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/bench/place"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
	"github.com/insurance-navigator/navigator/loadtest/load/result"
	"github.com/insurance-navigator/navigator/loadtest/load/scenario"
)

// opened is a private place with a database of the tests.
func opened(t *testing.T) scenario.Target {
	t.Helper()
	bin := t.TempDir()
	if err := place.Build(t.Context(), filepath.Join("..", ".."), bin, "./cmd/navigator"); err != nil {
		t.Fatal(err)
	}
	p, err := place.Open(t.Context(), dbtest.New(t, db.Schemas{}), place.Options{Bin: bin, Dir: t.TempDir(), Parse: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	door := httptest.NewServer(p.Door())
	t.Cleanup(door.Close)
	return scenario.Target{API: p.API, Webhook: p.Webhook, Door: scenario.UseDoor(door.URL)}
}

func run(t *testing.T, s scenario.Scenario, target scenario.Target, scale float64) (result.Result, map[string]result.Outcome) {
	t.Helper()
	got, err := scenario.Run(t.Context(), s, target, scale, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	outcomes := map[string]result.Outcome{}
	for _, v := range got.Verdicts {
		outcomes[v.Figure] = v.Outcome
	}
	return got, outcomes
}

// L1 runs whole against a private place and passes; a place whose worker is
// gone does not; and a storm at a small scale is delivered, refused and drained.
func TestScenariosAgainstAPrivatePlace(t *testing.T) {
	t.Parallel()
	target := opened(t)
	smoke, ok := scenario.Find("L1")
	if !ok {
		t.Fatal("there is no L1")
	}
	got, outcomes := run(t, smoke, target, 0.3)
	if !got.Passed || got.Figures["smoke.accepted"] != 3 || len(got.Series) == 0 || !got.Place.Private {
		t.Errorf("L1: passed %t, %v\n%v\n%v", got.Passed, outcomes, got.Figures, got.Notes)
	}
	for _, v := range got.Verdicts {
		if v.Outcome == result.NotMeasured {
			t.Errorf("L1: %s is not measured", v.Figure)
		}
	}
	storm, _ := scenario.Find("L6")
	if got, outcomes := run(t, storm, target, 0.02); !got.Passed || got.Figures["deliver.done"] != 40 {
		t.Errorf("L6: passed %t, %v\n%v\n%v", got.Passed, outcomes, got.Loads, got.Notes)
	}
	idle := smoke
	idle.Phases = []scenario.Phase{{Name: "smoke", Before: []scenario.Step{{Act: scenario.Stop, Service: "worker"}},
		Loads: smoke.Phases[0].Loads, Drain: time.Second}} // so long nothing happens
	got, outcomes = run(t, idle, target, 0.1)
	if got.Passed || outcomes["smoke.lost"] != result.Fail || outcomes["services.alive"] != result.Fail || outcomes["upload.failed"] != result.Pass {
		t.Errorf("without a worker: passed %t, %v", got.Passed, outcomes)
	}
}
