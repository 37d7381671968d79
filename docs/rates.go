package docs

import (
	"strconv"
	"strings"

	"github.com/insurance-navigator/navigator/adapters/httpapi"
)

// Rates is production's table of request rates.
func Rates() string {
	var rows [][]string
	for _, r := range httpapi.DefaultLimits().Rates {
		rows = append(rows, []string{"`" + r.Name + "`", strings.ReplaceAll(string(r.Scope), "_", " and "), strconv.Itoa(r.Requests), r.Window.String(), r.About})
	}
	return Table([]string{"Rate", "Counted by", "Requests", "In", "For"}, rows)
}
