// Package doctor looks for what keeps the tool, or the services on this
// machine, from working: one check after the other, each with what to do. No
// check says a secret, and none changes anything that stays: an object is
// written to the storage and deleted, and one word is embedded.
package doctor

// State is how a check ended.
type State string

// The states. A warning is no failure: things work, but will not for long, or
// not for everyone.
const (
	Good    State = "ok"
	Warning State = "warning"
	Bad     State = "failed"
	Skipped State = "skipped"
)

// Check is one finding.
type Check struct {
	Name   string `json:"name"`
	State  State  `json:"state"`
	Detail string `json:"detail"`
	Advice string `json:"advice,omitempty"` // what to do; empty where nothing is
}

func good(name, detail string) Check { return Check{Name: name, State: Good, Detail: detail} }

func bad(name, detail, advice string) Check { return Check{name, Bad, detail, advised(advice)} }

func warning(name, detail, advice string) Check { return Check{name, Warning, detail, advised(advice)} }

// advised is what to do where nothing is known of the fault: no finding leaves
// its reader without a next step.
func advised(advice string) string {
	if advice == "" {
		return "Try again. If it stays so, the log of what was asked says more; give this line to whoever keeps the deployment."
	}
	return advice
}

func skipped(name, detail string) Check { return Check{Name: name, State: Skipped, Detail: detail} }

// Failed reports whether any check failed.
func Failed(checks []Check) bool {
	for _, c := range checks {
		if c.State == Bad {
			return true
		}
	}
	return false
}
