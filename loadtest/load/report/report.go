// Package report tells results of the load generator to readers: a part of a
// page, and pictures.
package report

import (
	"fmt"
	"path"
	"strings"

	"github.com/insurance-navigator/navigator/loadtest/load/result"
)

// Pictures is the folder of the pictures, beside the page.
const Pictures = "performance"

// Page is the results in markdown.
func Page(all []result.Result) string {
	var b strings.Builder
	b.WriteString("| Scenario | Run | Load before | Verdict |\n| --- | --- | --- | --- |\n")
	for _, r := range all {
		fmt.Fprintf(&b, "| [%s](#%s) %s | %s, %s | %s | %s |\n", r.Scenario, anchor(r), r.Title, r.At.Format("2 January 2006 15:04 UTC"), scale(r), averages(r.Machine.LoadBefore), verdict(r))
	}
	for _, r := range all {
		tell(&b, r)
	}
	return b.String()
}

// anchor is the address of a result's heading.
func anchor(r result.Result) string { return "scenario-" + strings.ToLower(r.Scenario) }

func scale(r result.Result) string {
	if r.Scale >= 1 {
		return "whole"
	}
	return "a " + result.Number(r.Scale*100) + " % run"
}

func verdict(r result.Result) string {
	if r.Passed {
		return "**passed**"
	}
	return "**not passed**"
}

func averages(all []float64) string {
	if len(all) == 0 {
		return "not known"
	}
	return result.Number(all[0])
}

// tell tells one result.
func tell(b *strings.Builder, r result.Result) {
	fmt.Fprintf(b, "\n### Scenario %s\n\n%s, %s: %s.\n", r.Scenario, r.Title, scale(r), verdict(r))
	fmt.Fprintf(b, "Data: %s. %s\n\n", r.Profile, where(r))
	b.WriteString("| Mark | Measured | |\n| --- | --- | --- |\n")
	for _, v := range r.Verdicts {
		got := "not measured"
		if v.Got != nil {
			got = result.Number(*v.Got)
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", v.Mark, got, strings.ReplaceAll(string(v.Outcome), "_", " "))
	}
	b.WriteString("\n| Load | Arrivals | Begun | Late | Done | Refused | Failed | p50 ms | p95 ms | p99 ms | max ms |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, l := range r.Loads {
		fmt.Fprintf(b, "| %s | %s | %d | %d | %d | %d | %d | %s | %s | %s | %s |\n", l.Name, l.Plan, l.Begun, l.Late, l.Done, l.Refused, l.Failed,
			result.Number(l.Times.P50), result.Number(l.Times.P95), result.Number(l.Times.P99), result.Number(l.Times.Max))
	}
	for _, note := range r.Notes {
		fmt.Fprintf(b, "\n%s.\n", note)
	}
	for _, p := range pictures(r) {
		fmt.Fprintf(b, "\n![%s](%s)\n", p.title, path.Join(Pictures, p.name))
	}
}

// where tells the machine and the place.
func where(r result.Result) string {
	words := fmt.Sprintf("Machine: %d cores, %s MiB, %s, %s", r.Machine.Cores, result.Number(float64(r.Machine.MemoryMiB)), r.Machine.System, r.Machine.Go)
	if !r.Place.Private {
		return words + "; a deployed place."
	}
	words += "; generator, services, fakes and " + r.Place.Postgres + " on it"
	if r.Place.Parse != "" {
		words += fmt.Sprintf("; the parser takes %s, the embedder %s", r.Place.Parse, r.Place.Embed)
	}
	if r.Place.MemoryHeldBy != "" {
		words += "; the API's memory is held by " + r.Place.MemoryHeldBy
	}
	return words + "."
}
