package result_test

import (
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/loadtest/load/result"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	marks := []result.Mark{
		{Figure: "upload.p95_ms", Is: result.AtMost, Bound: 500},
		{Figure: "share", Is: result.AtLeast, Bound: 0.8},
		{Figure: "gone", Is: result.AtMost, Bound: 1},
	}
	for name, c := range map[string]struct {
		figures map[string]float64
		want    []result.Outcome
		passed  bool
	}{
		"on the bounds":   {map[string]float64{"upload.p95_ms": 500, "share": 0.8}, []result.Outcome{result.Pass, result.Pass, result.NotMeasured}, true},
		"over one":        {map[string]float64{"upload.p95_ms": 500.1, "share": 0.9}, []result.Outcome{result.Fail, result.Pass, result.NotMeasured}, false},
		"under one":       {map[string]float64{"upload.p95_ms": 1, "share": 0.79}, []result.Outcome{result.Pass, result.Fail, result.NotMeasured}, false},
		"nothing at all":  {nil, []result.Outcome{result.NotMeasured, result.NotMeasured, result.NotMeasured}, false},
		"no number":       {map[string]float64{"upload.p95_ms": math.NaN(), "share": 1}, []result.Outcome{result.Fail, result.Pass, result.NotMeasured}, false},
		"all is measured": {map[string]float64{"upload.p95_ms": 1, "share": 1, "gone": 0}, []result.Outcome{result.Pass, result.Pass, result.Pass}, true},
	} {
		verdicts, passed := result.Judge(marks, c.figures, true)
		var got []result.Outcome
		for _, v := range verdicts {
			got = append(got, v.Outcome)
		}
		if diff := cmp.Diff(c.want, got); diff != "" || passed != c.passed {
			t.Errorf("%s: passed %t (-want +got):\n%s", name, passed, diff)
		}
	}
}

// A mark for the whole scenario does not fail a shorter run.
func TestMarksOfTheWholeScenario(t *testing.T) {
	t.Parallel()
	marks := []result.Mark{{Figure: "done", Is: result.AtLeast, Bound: 600, OnlyWhole: true}, {Figure: "failed", Is: result.AtMost}}
	figures := map[string]float64{"done": 60, "failed": 0}
	if verdicts, passed := result.Judge(marks, figures, false); !passed || verdicts[0].Outcome != result.NotMeasured {
		t.Errorf("a shorter run: passed %t, %v", passed, verdicts[0].Outcome)
	}
	if _, passed := result.Judge(marks, figures, true); passed {
		t.Error("the whole run passed")
	}
}

// The histogram's quantiles are within its three digits of the true ones, and
// only what was done has a time.
func TestRecorderQuantiles(t *testing.T) {
	t.Parallel()
	r := result.NewRecorder()
	for n := 1; n <= 1000; n++ {
		r.Note(result.Done, "200", time.Duration(n)*time.Millisecond)
	}
	r.Note(result.Failed, "500", time.Hour)
	r.Note(result.Refused, "429", time.Hour)
	l := r.Load(result.Load{Name: "upload", Begun: 1002})
	for what, pair := range map[string][2]float64{"p50": {l.Times.P50, 500}, "p95": {l.Times.P95, 950}, "p99": {l.Times.P99, 990}, "max": {l.Times.Max, 1000}, "mean": {l.Times.Mean, 500.5}} {
		if math.Abs(pair[0]-pair[1]) > pair[1]/1000 {
			t.Errorf("%s is %v, should be %v", what, pair[0], pair[1])
		}
	}
	figures := map[string]float64{}
	l.Figures(figures)
	if figures["upload.failed"] != 1 || figures["upload.refused"] != 1 || figures["upload.done"] != 1000 || l.Codes["429"] != 1 {
		t.Errorf("%v, codes %v", figures, l.Codes)
	}
	if l := result.NewRecorder().Load(result.Load{Name: "none"}); l.Times.Max != 0 || l.Times.All != nil {
		t.Errorf("times of nothing: %+v", l.Times)
	}
}

func TestSeries(t *testing.T) {
	t.Parallel()
	var s result.Series
	for n := range 600 { // the first third warms up, then 3 more a minute
		value := 100.0
		if n >= 200 {
			value = 3 * float64(n) / 60
		}
		s.Points = append(s.Points, [2]float64{float64(n), value})
	}
	slope, ok := s.Slope()
	least, most := s.Range()
	if !ok || math.Abs(slope-3) > 1e-9 || least != 10 || most != 3*599.0/60 {
		t.Errorf("slope %v, %t, from %v to %v", slope, ok, least, most)
	}
	if thin := s.Thin(); len(thin.Points) > 121 || thin.Points[len(thin.Points)-1] != s.Points[599] {
		t.Errorf("%d points are kept, the last is %v", len(thin.Points), thin.Points[len(thin.Points)-1])
	}
	if _, ok := (result.Series{Points: s.Points[:2]}).Slope(); ok {
		t.Error("two points have a slope")
	}
}

func TestResultsAreReadAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	got := 3.0
	want := result.Result{Scenario: "L1", Figures: map[string]float64{"a": 1.5}, Verdicts: []result.Verdict{{Mark: result.Mark{Figure: "a", Is: result.AtMost, Bound: 2}, Got: &got, Outcome: result.Fail}}}
	if err := result.Write(result.Path(filepath.Join(dir, "new"), "L1"), want); err != nil {
		t.Fatal(err)
	}
	all, err := result.ReadAll(os.DirFS(filepath.Join(dir, "new")))
	if diff := cmp.Diff([]result.Result{want}, all); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestNumber(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]string{0: "0", 0.001: "0.001", 0.65: "0.65", 12.34: "12.3", 612.4: "612", 100_000: "100000"} {
		if got := result.Number(v); got != want {
			t.Errorf("%v is told as %s, should be %s", v, got, want)
		}
	}
}
