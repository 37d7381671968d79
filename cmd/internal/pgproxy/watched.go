package pgproxy

import (
	"regexp"
	"slices"
	"strings"
)

// Watched are the tables whose writes make a commit one to be asked about, as
// schema.table.
type Watched []string

// writing finds the tables that a statement writes, quoted or not.
var writing = regexp.MustCompile(`(?i)\b(insert into|update|delete from)\s+"?(\w+)"?\."?(\w+)"?`)

// writes names the watched tables that the statement writes, with how.
func (w Watched) writes(sql string) (found []string) {
	for _, m := range writing.FindAllStringSubmatch(sql, -1) {
		table := strings.ToLower(m[2] + "." + m[3])
		if !slices.Contains(w, table) {
			continue
		}
		verb, _, _ := strings.Cut(strings.ToLower(m[1]), " ")
		if what := verb + " " + strings.ToLower(m[3]); !slices.Contains(found, what) {
			found = append(found, what)
		}
	}
	return found
}
