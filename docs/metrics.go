package docs

import (
	"strings"

	"github.com/insurance-navigator/navigator/adapters/metrics"
)

// Metrics is a table of every family.
func Metrics() string {
	var rows [][]string
	for _, f := range metrics.Families() {
		labels := make([]string, len(f.Labels))
		for i, label := range f.Labels {
			labels[i] = code(label)
		}
		rows = append(rows, []string{code(f.Name), f.Type, strings.Join(labels, ", "), f.Help})
	}
	return Table([]string{"Family", "Type", "Labels", "Meaning"}, rows)
}
