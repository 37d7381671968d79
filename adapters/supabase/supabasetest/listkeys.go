package supabasetest

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"path"
	"slices"
	"strings"
)

// maxKeys is the most objects and folders of one page, whatever is asked for.
const maxKeys = 1000

// keysAsked is the body of the second list call. Prefix is the beginning of
// keys, not a folder.
type keysAsked struct {
	Prefix    string `json:"prefix"`
	Limit     *int   `json:"limit"`
	Cursor    string `json:"cursor"`
	Delimited bool   `json:"with_delimiter"`
}

// listKeys is the second list call: whole keys in their order, and a cursor
// that names the last one shown.
func (s *Server) listKeys(c *call) {
	var asked keysAsked
	if json.NewDecoder(c.r.Body).Decode(&asked) != nil {
		c.fail(errBody)
		return
	}
	limit := maxKeys
	if asked.Limit != nil {
		limit = min(*asked.Limit, maxKeys)
	}
	if limit < 1 {
		c.fail(errLimit)
		return
	}
	all := []object{}
	if c.may() {
		all = s.vault.list(c.bucket)
	}
	c.json(http.StatusOK, asked.page(all, limit))
}

func (a keysAsked) page(all []object, limit int) map[string]any {
	objects, folders, last := []map[string]any{}, []map[string]any{}, ""
	answer := map[string]any{"hasNext": false}
	after := a.after()
	for _, o := range all {
		shown, isFolder := a.shown(o.Name)
		if !strings.HasPrefix(o.Name, a.Prefix) || shown <= after || shown == last {
			continue
		}
		if len(objects)+len(folders) == limit {
			answer["hasNext"], answer["nextCursor"], answer["nextCursorKey"] = true, cursorTo(last), last
			break
		}
		last = shown
		if isFolder {
			folders = append(folders, map[string]any{"key": path.Base(shown), "name": shown})
			continue
		}
		listed := listRow(o, o.Name)
		listed["key"] = path.Base(o.Name)
		objects = append(objects, listed)
	}
	answer["objects"], answer["folders"] = objects, folders
	return answer
}

// shown is the key itself or, with a delimiter, the folder that hides it.
func (a keysAsked) shown(name string) (shown string, isFolder bool) {
	rest, below := strings.CutPrefix(name, a.Prefix)
	if head, _, deeper := strings.Cut(rest, "/"); below && deeper && a.Delimited {
		return a.Prefix + head + "/", true
	}
	return name, false
}

const cursorMark = "l:"

func cursorTo(key string) string {
	return base64.StdEncoding.EncodeToString([]byte(cursorMark + key))
}

func (a keysAsked) after() string {
	decoded, err := base64.StdEncoding.DecodeString(a.Cursor)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(string(decoded), cursorMark)
}

// listRow is an object as the list calls show it: without what deletes tell.
func listRow(o object, name string) map[string]any {
	listed := row(o, name)
	for _, column := range []string{"bucket_id", "version", "owner", "owner_id"} {
		delete(listed, column)
	}
	return listed
}

// sortedBy orders a level as the first list call is asked to.
func sortedBy(rows []map[string]any, order string) []map[string]any {
	if order == "desc" {
		slices.Reverse(rows)
	}
	return rows
}
