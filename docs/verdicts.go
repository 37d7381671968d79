package docs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/insurance-navigator/navigator/core"
)

// Verdicts is the table from errors to verdicts, a row for the codes that share
// verdict, waits and accused service.
func Verdicts() string {
	groups := map[core.Ruling][]string{}
	for _, c := range core.Codes() {
		ruling := core.Rule(core.Fail(c, nil))
		groups[ruling] = append(groups[ruling], code(string(c)))
	}
	rulings := make([]core.Ruling, 0, len(groups))
	for ruling := range groups {
		rulings = append(rulings, ruling)
	}
	order := []core.Verdict{core.VerdictRetry, core.VerdictSnooze, core.VerdictPause, core.VerdictFail}
	slices.SortFunc(rulings, func(a, b core.Ruling) int {
		return cmp.Or(slices.Index(order, a.Verdict)-slices.Index(order, b.Verdict),
			cmp.Compare(b.Accused, a.Accused), cmp.Compare(a.Wait, b.Wait), cmp.Compare(a.Most, b.Most))
	})
	rows := make([][]string, len(rulings))
	for i, r := range rulings {
		rows[i] = []string{string(r.Verdict), wait(r), cmp.Or(string(r.Accused), "nobody"), strings.Join(groups[r], ", ")}
	}
	return Table([]string{"Verdict", "Wait", "Accuses", "Codes"}, rows)
}

// wait is a ruling's rule of waiting; what the outside asks for comes first.
func wait(r core.Ruling) string {
	switch {
	case r.Wait == 0:
		return ""
	case r.Verdict == core.VerdictRetry:
		return fmt.Sprintf("Retry-After, and up to %s, doubling to %s", r.Wait, r.Most)
	case r.Verdict == core.VerdictPause:
		return fmt.Sprintf("Retry-After, at least %s", r.Wait)
	}
	return fmt.Sprintf("Retry-After; without one %s", r.Wait)
}
