package result

import (
	"fmt"
	"strconv"
)

// Mark is a bar that a scenario has to pass: a figure, and its bound.
type Mark struct {
	Figure string  `json:"figure"`
	Is     Is      `json:"is"`
	Bound  float64 `json:"bound"`

	OnlyWhole bool `json:"only_whole,omitempty"` // a shorter run of the scenario cannot meet it
}

// Is says on which side of the bound a figure has to be.
type Is string

// Both sides, each with the bound itself.
const (
	AtMost  Is = "at_most"
	AtLeast Is = "at_least"
)

// Outcome is what became of a mark.
type Outcome string

// The outcomes. A figure that is not there is not measured: it neither passes
// nor fails.
const (
	Pass        Outcome = "pass"
	Fail        Outcome = "fail"
	NotMeasured Outcome = "not_measured"
)

// Verdict is a mark and what was found.
type Verdict struct {
	Mark
	Got     *float64 `json:"got,omitempty"`
	Outcome Outcome  `json:"outcome"`
}

// Judge holds figures to marks; whole says that the scenario was not shortened.
// Passed says that no mark failed and at least one was measured: a run that
// measured nothing has proved nothing.
func Judge(marks []Mark, figures map[string]float64, whole bool) (verdicts []Verdict, passed bool) {
	measured, failed := 0, 0
	for _, m := range marks {
		v := Verdict{Mark: m, Outcome: NotMeasured}
		if got, ok := figures[m.Figure]; ok && (whole || !m.OnlyWhole) {
			v.Got, v.Outcome = &got, Fail
			measured++
			if m.holds(got) {
				v.Outcome = Pass
			} else {
				failed++
			}
		}
		verdicts = append(verdicts, v)
	}
	return verdicts, measured > 0 && failed == 0
}

// holds is written so that a figure that is no number never passes.
func (m Mark) holds(got float64) bool {
	if m.Is == AtLeast {
		return got >= m.Bound
	}
	return got <= m.Bound
}

// String is the mark as a reader of the report sees it.
func (m Mark) String() string {
	sign := "≤"
	if m.Is == AtLeast {
		sign = "≥"
	}
	return fmt.Sprintf("%s %s %s", m.Figure, sign, Number(m.Bound))
}

// Number keeps three digits or so, and no more than it has.
func Number(v float64) string {
	switch {
	case v == float64(int64(v)):
		return strconv.FormatInt(int64(v), 10)
	case v >= 100 || v <= -100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10 || v <= -10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case v < 0.1 && v > -0.1:
		return strconv.FormatFloat(v, 'g', 2, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}
