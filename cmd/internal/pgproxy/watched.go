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

// fetching finds the statement by which River takes jobs to work them; it is a
// commit of its own.
var fetching = regexp.MustCompile(`(?is)\bupdate\s+"?river"?\."?river_job"?\s+set\s+state = 'running'`)

// queueParameter is the place of the queue's name among that statement's parameters.
const queueParameter = 3

// fetchOf names the queue that a statement fetches from, "" for any other.
func fetchOf(sql string, parameters [][]byte) string {
	if len(parameters) <= queueParameter || !fetching.MatchString(sql) {
		return ""
	}
	return string(parameters[queueParameter])
}
