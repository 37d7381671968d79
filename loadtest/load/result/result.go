// Package result is what a run of the load generator writes down: the machine,
// the data, what was done, every figure, and a verdict for each mark.
package result

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Result is one run, as it stands in a file.
type Result struct {
	Scenario string    `json:"scenario"`
	Title    string    `json:"title"`
	At       time.Time `json:"at"`
	Seconds  float64   `json:"seconds"`
	Scale    float64   `json:"scale"` // 1 is the whole scenario
	Machine  Machine   `json:"machine"`
	Place    Place     `json:"place"`
	Profile  string    `json:"profile"` // of the data
	Loads    []Load    `json:"loads"`

	Figures  map[string]float64 `json:"figures"`
	Series   []Series           `json:"series,omitempty"`
	Verdicts []Verdict          `json:"verdicts"`
	Passed   bool               `json:"passed"` // every mark that was measured holds, and one was
	Notes    []string           `json:"notes,omitempty"`
}

// Machine is where the generator ran; in a private place, everything else too.
type Machine struct {
	Cores      int       `json:"cores"`
	CPU        string    `json:"cpu,omitempty"`
	MemoryMiB  int       `json:"memory_mib,omitempty"`
	System     string    `json:"system"`
	Go         string    `json:"go"`
	LoadBefore []float64 `json:"load_before,omitempty"` // averages of 1, 5 and 15 minutes
	LoadAfter  []float64 `json:"load_after,omitempty"`
}

// Place is what was loaded.
type Place struct {
	Private      bool              `json:"private"` // opened for the run, on the same machine
	MemoryHeldBy string            `json:"memory_held_by,omitempty"`
	Postgres     string            `json:"postgres,omitempty"`
	Database     map[string]string `json:"database,omitempty"` // its settings
	Settings     map[string]string `json:"settings,omitempty"` // of the services, over the place's own
	Parse        string            `json:"parse,omitempty"`    // what the fake parser takes
	Embed        string            `json:"embed,omitempty"`    // what the fake embedder takes
}

// Load is one stream of work and what became of it.
type Load struct {
	Phase   string         `json:"phase"`
	Name    string         `json:"name"`
	Plan    string         `json:"plan"`
	Begun   int            `json:"begun"`
	Late    int            `json:"late"` // began later than arrivals.LateAfter
	MostMS  float64        `json:"most_late_ms"`
	Done    int            `json:"done"`
	Refused int            `json:"refused"` // with a word when to come back
	Failed  int            `json:"failed"`
	Codes   map[string]int `json:"codes"` // what was answered how often
	Times   Times          `json:"times"` // of what was done, from the time it was due
}

// Times are a histogram's, in milliseconds.
type Times struct {
	P50  float64   `json:"p50"`
	P95  float64   `json:"p95"`
	P99  float64   `json:"p99"`
	Max  float64   `json:"max"`
	Mean float64   `json:"mean"`
	All  []float64 `json:"all,omitempty"` // at Quantiles
}

// Quantiles are those of Times.All, in percent.
var Quantiles = []float64{10, 25, 50, 75, 90, 95, 99, 99.9, 100}

// Series is a figure over time.
type Series struct {
	Name   string       `json:"name"`
	Points [][2]float64 `json:"points"` // seconds since the beginning, value
}

// Path is the file of a scenario's run in a folder. There is one a scenario: the last.
func Path(dir, scenario string) string {
	return filepath.Join(dir, strings.ToLower(scenario)+".json")
}

// Write keeps a result.
func Write(path string, r Result) error {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // results, for everyone to read
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644) //nolint:gosec // likewise
}

// ReadAll reads every result of a folder, in the order of the files' names.
func ReadAll(files fs.FS) ([]Result, error) {
	paths, err := fs.Glob(files, "*.json")
	if err != nil {
		return nil, err
	}
	slices.Sort(paths)
	all := make([]Result, len(paths))
	for i, path := range paths {
		text, err := fs.ReadFile(files, path)
		if err == nil {
			err = json.Unmarshal(text, &all[i])
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return all, nil
}
