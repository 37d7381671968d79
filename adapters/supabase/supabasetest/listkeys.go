package supabasetest

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"path"
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
	c.json(http.StatusOK, asked.page(s.listable(c), limit))
}

// keysPage is the answer of the second list call.
type keysPage struct {
	More      bool        `json:"hasNext"`
	Cursor    string      `json:"nextCursor,omitempty"`
	CursorKey string      `json:"nextCursorKey,omitempty"`
	Folders   []keyFolder `json:"folders"`
	Objects   []keyedRow  `json:"objects"`
}

type keyFolder struct {
	Key  string `json:"key"`
	Name string `json:"name"`
}

func (a keysAsked) page(all []object, limit int) keysPage {
	page, last, after := keysPage{Folders: []keyFolder{}, Objects: []keyedRow{}}, "", a.after()
	for _, o := range all {
		shown, isFolder := a.shown(o.Name)
		if !strings.HasPrefix(o.Name, a.Prefix) || shown <= after || shown == last {
			continue
		}
		if len(page.Objects)+len(page.Folders) == limit {
			page.More, page.Cursor, page.CursorKey = true, cursorTo(last), last
			break
		}
		last = shown
		if isFolder {
			page.Folders = append(page.Folders, keyFolder{Key: path.Base(shown), Name: shown})
			continue
		}
		page.Objects = append(page.Objects, keyedRow{Key: path.Base(o.Name), Name: o.Name, shownTimes: showTimes(o)})
	}
	return page
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
