package scenario_test

import (
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/loadtest/load/scenario"
)

// sources are the names before the first dot of every figure that a scenario
// can come to have.
func sources(s scenario.Scenario) map[string]bool {
	all := map[string]bool{"api": true, "worker": true, "webhook": true, "services": true, "verify": true, "callbacks": true,
		"queue": true, "database": true, "documents": true, "chunks": true, "embedder": true, "spool": true}
	for _, p := range s.Phases {
		all[p.Name] = true
		for _, l := range p.Loads {
			all[l.Name] = true
		}
	}
	for _, d := range s.Derived {
		all[d.Name] = true
	}
	return all
}

// Names are taken once, every mark is of a figure that there will be, and every
// load has an end.
func TestScenariosAreWhole(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, s := range scenario.All() {
		if names[s.Name] || s.Title == "" || s.Lasts == 0 || s.Users == 0 || s.Paper.Pages == 0 || len(s.Marks) == 0 {
			t.Errorf("%s is not whole, or there twice", s.Name)
		}
		names[s.Name] = true
		known, loads := sources(s), map[string]bool{}
		for _, m := range s.Marks {
			family, _, _ := strings.Cut(m.Figure, ".")
			if !known[family] && !known[m.Figure] {
				t.Errorf("%s: nobody measures %s", s.Name, m.Figure)
			}
		}
		for _, p := range s.Phases {
			for _, l := range p.Loads {
				if loads[l.Name] || l.For == 0 && l.Count == 0 || l.Spread != scenario.AtOnce && l.Rate == 0 {
					t.Errorf("%s: load %s has no end, no rate, or another's name", s.Name, l.Name)
				}
				loads[l.Name] = true
			}
		}
	}
	for _, name := range []string{"L1", "L2", "L3", "L4", "L5", "L6", "L7", "L8", "L9", "limits", "slow", "queue", "table"} {
		if !names[name] {
			t.Errorf("there is no scenario %s", name)
		}
	}
}

// A shorter run has shorter times and fewer pieces at the same rates, never
// none of them, and leaves the declaration as it is.
func TestScaled(t *testing.T) {
	t.Parallel()
	for _, s := range scenario.All() {
		short := s.Scaled(0.1)
		for i, p := range s.Phases {
			for j, l := range p.Loads {
				got := short.Phases[i].Loads[j]
				if got.For != l.For/10 || got.Rate != l.Rate || got.Count > l.Count || l.Count >= 10 && got.Count != l.Count/10 || l.Count > 0 && got.Count == 0 {
					t.Errorf("%s: %s became %+v of %+v", s.Name, l.Name, got, l)
				}
			}
			for j, step := range p.Before {
				if got := short.Phases[i].Before[j]; got.Others != step.Others/10 || got.Owned != step.Owned/10 {
					t.Errorf("%s: step %+v became %+v", s.Name, step, got)
				}
			}
		}
	}
}

func TestDeployedPlacesAreNotKilled(t *testing.T) {
	t.Parallel()
	for name, needs := range map[string]bool{"L1": false, "L2": false, "L8": false, "L4-256": true, "L6": true, "L7": true, "queue": true} {
		s, _ := scenario.Find(name)
		if why := s.NeedsDoor(); (why != "") != needs {
			t.Errorf("%s: %q", name, why)
		}
		if !needs {
			continue
		}
		if _, err := scenario.Run(t.Context(), s, scenario.Target{API: "http://127.0.0.1:1"}, 1, t.Logf); err == nil || !strings.Contains(err.Error(), "needs a private place") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
