package main

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The bill's tasks are those that Terraform runs unless somebody says otherwise.
func TestTheBillsTasksAreTerraforms(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(root + "deploy/terraform/environment/variables.tf")
	if err != nil {
		t.Fatal(err)
	}
	var there []string
	for _, m := range regexp.MustCompile(`(?m)^    (api|worker|webhook) +(= \{ cpu = \d+, memory = \d+, min = \d+), max`).FindAllStringSubmatch(string(text), -1) {
		there = append(there, m[1]+" "+m[2])
	}
	var billed []string
	for _, task := range tasks {
		billed = append(billed, fmt.Sprintf("%s = { cpu = %d, memory = %d, min = %d", task.name, task.cpu, task.memory, task.count))
	}
	if diff := cmp.Diff(there, billed); diff != "" {
		t.Errorf("-terraform +bill:\n%s", diff)
	}
}

// Amounts that can be reckoned by hand: 10 pages at 3 credits of $0.00125, and
// 6,000 tokens and a fifth at $0.02 a million.
func TestTheBillIsReckonedRight(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ got, want float64 }{
		"parser":        {estimate().Parse.USD(), 0.0375},
		"embedder":      {estimate().Embed.USD(), 0.000144},
		"tasks":         {fargate(), 730 * (10*0.04048 + 20*0.004445)},
		"little moves":  {network(volume{}), 730 * (2*0.045 + 0.0225 + 0.008)},
		"much moves":    {network(volume{documents: 1024 * 1000}) - network(volume{}), 3000*0.045 + 1900*0.09},
		"little stored": {stored(volume{documents: 1, compute: 15}), 5},
		"much stored":   {stored(volume{documents: 1e6, compute: 10}), (12e6*documentRowsGB-8)*0.125 + (12e6/1024-100)*0.021},
	} {
		if math.Abs(c.got-c.want) > 1e-6*max(1, c.want) {
			t.Errorf("%s: %f, want %f", name, c.got, c.want)
		}
	}
}

// Each sum is of the rows above it, to the rounding of each, and the total of
// the sums.
func TestTheBillAddsUp(t *testing.T) {
	t.Parallel()
	rows := 0
	part, all := make([]float64, len(volumes)), make([]float64, len(volumes))
	for line := range strings.Lines(bill()) {
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		amounts := make([]float64, len(volumes))
		for n := range volumes {
			if _, err := fmt.Sscanf(cells[n+1], "$%f", &amounts[n]); err != nil && rows > 0 {
				t.Fatalf("%s: %v", line, err)
			}
		}
		if !strings.Contains(line, "$") {
			continue
		}
		rows++
		for n := range volumes {
			switch {
			case cells[0] == "a document":
				if math.Abs(amounts[n]*volumes[n].documents-all[n]) > 0.001*volumes[n].documents+10 {
					t.Errorf("%s: %v of %v", line, amounts[n], all[n])
				}
			case cells[0] == "**In all**":
				if math.Abs(amounts[n]-all[n]) > 5 {
					t.Errorf("%s: want about %v", line, all[n])
				}
			case strings.HasPrefix(cells[0], "**"):
				if math.Abs(amounts[n]-part[n]) > 3 {
					t.Errorf("%s: want about %v", line, part[n])
				}
				all[n], part[n] = all[n]+amounts[n], 0
			default:
				part[n] += amounts[n]
			}
		}
	}
	if rows != 13 {
		t.Errorf("%d rows were read, want 13", rows)
	}
}
