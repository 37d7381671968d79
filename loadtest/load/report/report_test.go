package report_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/loadtest/load/report"
	"github.com/insurance-navigator/navigator/loadtest/load/result"
)

// told is a run with everything that a report tells.
func told() result.Result {
	got := 612.0
	return result.Result{Scenario: "L2", Title: "Nominal", At: time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC), Scale: 0.1, Profile: "20 users",
		Machine: result.Machine{Cores: 2, LoadBefore: []float64{0.25, 1, 1}}, Place: result.Place{Private: true, Postgres: "PostgreSQL 15", MemoryHeldBy: "cgroup"},
		Loads: []result.Load{{Name: "upload", Plan: "2 a second", Begun: 10, Done: 9, Failed: 1, Times: result.Times{P95: 612, All: []float64{1, 2, 3, 4, 5, 612, 613, 614, 615}}},
			{Name: "nominal.complete", Begun: 9, Done: 9, Times: result.Times{All: []float64{1, 2, 3, 4, 5, 6, 7, 8, 9}}}},
		Series: []result.Series{{Name: "api.rss_mib", Points: [][2]float64{{0, 90}, {1, 95}}}, {Name: "worker.rss_mib", Points: [][2]float64{{1, 80}}}},
		Verdicts: []result.Verdict{{Mark: result.Mark{Figure: "upload.p95_ms", Is: result.AtMost, Bound: 500}, Got: &got, Outcome: result.Fail},
			{Mark: result.Mark{Figure: "spool.files", Is: result.AtMost}, Outcome: result.NotMeasured}},
		Notes: []string{"the checker found late: 1"}}
}

func TestPageTellsWhatFailed(t *testing.T) {
	t.Parallel()
	page := report.Page([]result.Result{told()})
	for _, want := range []string{"**not passed**", "| `upload.p95_ms ≤ 500` | 612 | fail |", "| `spool.files ≤ 0` | not measured | not measured |", "a 10 % run", "| 0.25 |",
		"held by cgroup", "the checker found late: 1.", "](performance/l2-1.svg)", "](performance/l2-3.svg)"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q:\n%s", want, page)
		}
	}
	if strings.Contains(page, "l2-4.svg") {
		t.Error("the page shows a picture of nothing")
	}
}

// Every picture that the page shows is drawn, the same each time, and shows its curves.
func TestPicturesAreThoseOfThePage(t *testing.T) {
	t.Parallel()
	all := []result.Result{told()}
	drawn, err := report.Draw(all)
	if err != nil || len(drawn) != 3 {
		t.Fatalf("%d pictures: %v", len(drawn), err)
	}
	again, err := report.Draw(all)
	if err != nil {
		t.Fatal(err)
	}
	page := report.Page(all)
	for name, picture := range drawn {
		if !strings.Contains(page, "("+report.Pictures+"/"+name+")") || !bytes.Equal(picture, again[name]) || !bytes.HasPrefix(picture, []byte("<svg")) {
			t.Errorf("%s is not shown, not the same again, or no picture", name)
		}
	}
	if memory := string(drawn["l2-3.svg"]); !strings.Contains(memory, "worker.rss_mib") || !strings.Contains(memory, "Memory") {
		t.Error("the plot of memory does not name its curves")
	}
}
