package docs

import (
	"fmt"
	"strings"

	"github.com/insurance-navigator/navigator/core"
)

// Way is the Line as a mermaid picture, without the ends that are not complete.
func Way() string { return picture(false) }

// Picture is the whole Line as a mermaid picture.
func Picture() string { return picture(true) }

func picture(ends bool) string {
	var b strings.Builder
	b.WriteString("```mermaid\nstateDiagram-v2\n")
	arrow := func(from, to core.Status, why string) { fmt.Fprintf(&b, "    %s --> %s: %s\n", from, to, why) }
	fmt.Fprintf(&b, "    [*] --> %s: upload\n", core.Line[0].From)
	for _, leg := range core.Line {
		at := leg.From
		for _, to := range steps(leg) {
			arrow(at, to, string(leg.Stage))
			at = to
		}
		if ends {
			arrow(leg.Meanwhile(), leg.Fails, string(leg.Stage)+" fails")
		}
	}
	for _, from := range core.Statuses() {
		if start, ok := core.Retries[from]; ok && ends {
			arrow(from, start, "retry opens the next attempt")
		}
	}
	way := core.Way()
	fmt.Fprintf(&b, "    %s --> [*]\n```\n", way[len(way)-1])
	return b.String()
}

// steps is the statuses a leg's document shows after From.
func steps(leg core.Leg) []core.Status {
	if leg.While == "" {
		return leg.Through
	}
	return append([]core.Status{leg.While}, leg.Through...)
}

// Legs is the Line as a table.
func Legs() string {
	rows := make([][]string, len(core.Line))
	for i, leg := range core.Line {
		through := make([]string, len(leg.Through))
		for k, status := range leg.Through {
			through[k] = code(string(status))
		}
		next := "none: it waits, or has ended"
		if leg.Next != "" {
			next = code(string(leg.Next))
		}
		rows[i] = []string{code(string(leg.Stage)), code(string(leg.From)), code(string(leg.Meanwhile())),
			strings.Join(through, ", "), code(string(leg.Fails)), next}
	}
	return Table([]string{"Stage", "Finds", "Shows meanwhile", "Passes", "Fails as", "Next job"}, rows)
}

// Ends is a table of the statuses, with the progress and what a retry does.
func Ends() string {
	var rows [][]string
	for _, status := range core.Statuses() {
		retry := ""
		if start, ok := core.Retries[status]; ok {
			retry = "the next attempt starts as " + code(string(start))
		}
		end := ""
		if status.Terminal() {
			end = "yes"
		}
		progress := fmt.Sprintf("%d %%", status.Progress())
		if status.Progress() == 0 {
			progress = "that of the last good status"
		}
		rows = append(rows, []string{code(string(status)), progress, end, retry})
	}
	return Table([]string{"Status", "Progress", "Ends the attempt", "Retry"}, rows)
}

func code(word string) string { return "`" + word + "`" }
