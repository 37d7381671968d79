package supabasetest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// levelAsked is the body of the first list call. Prefix is a folder.
type levelAsked struct {
	Prefix string `json:"prefix"`
	Search string `json:"search"`
	Limit  int    `json:"limit"`
	Offset int    `json:"offset"`
	Sort   struct {
		Order string `json:"order"`
	} `json:"sortBy"`
}

// listObjects shows one level below a folder; folders have no id.
func (s *Server) listObjects(c *call) {
	var asked levelAsked
	if json.NewDecoder(c.r.Body).Decode(&asked) != nil {
		c.fail(errBody)
		return
	}
	rows := asked.level(s.listable(c))
	if asked.Sort.Order == "desc" {
		slices.Reverse(rows)
	}
	if asked.Limit == 0 {
		asked.Limit = 100
	}
	from := min(max(asked.Offset, 0), len(rows))
	c.json(http.StatusOK, rows[from:min(from+asked.Limit, len(rows))])
}

func (a levelAsked) level(all []object) []listedRow {
	prefix := a.Prefix
	if prefix != "" && !strings.HasSuffix(prefix, "/") {
		prefix += "/"
	}
	rows, last := []listedRow{}, ""
	for _, o := range all {
		rest, below := strings.CutPrefix(o.Name, prefix)
		if !below || !strings.HasPrefix(rest, a.Search) {
			continue
		}
		name, _, deeper := strings.Cut(rest, "/")
		if !deeper {
			rows = append(rows, listedRow{Name: name, shownTimes: showTimes(o)})
		} else if name != last {
			rows, last = append(rows, listedRow{Name: name}), name
		}
	}
	return rows
}

// listable is what a caller may list of a bucket, in the keys' order: nothing,
// for one without the right to, and what was there before, where the list is
// stale.
func (s *Server) listable(c *call) []object {
	switch {
	case !c.may():
		return nil
	case c.shows(StaleList):
		return c.fault.before[c.bucket]
	}
	return s.vault.list(c.bucket)
}
