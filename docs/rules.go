package docs

import (
	"strconv"

	"github.com/insurance-navigator/navigator/core/audit"
)

// Rules is the table of the invariants' rules.
func Rules() string {
	var rows [][]string
	for _, rule := range audit.Rules {
		mended := ""
		if rule.Mendable {
			mended = "yes"
		}
		rows = append(rows, []string{strconv.Itoa(rule.Invariant), code(rule.Name), rule.Means, mended})
	}
	return Table([]string{"Invariant", "Rule", "A violation says", "Mended by `--mend`"}, rows)
}
