package legacy

import (
	"strings"

	"github.com/insurance-navigator/navigator/core"
)

// Path is where the predecessor stored a file.
type Path struct{ Bucket, Key string }

// buckets are those the predecessor ever wrote to.
var buckets = map[string]bool{"files": true, "raw": true, "parsed": true, "documents": true}

// ParsePath reads a row's spelling of a stored file: "files/user/...",
// "storage://files/user/...", "storage://raw/{user}/...", or a key alone, which
// lies in bucket files. ok is false for anything else.
func ParsePath(text string) (p Path, ok bool) {
	text = strings.TrimPrefix(strings.TrimSpace(text), "storage://")
	if strings.HasPrefix(text, "user/") {
		text = "files/" + text
	}
	bucket, key, found := strings.Cut(text, "/")
	if !found || !buckets[bucket] || key == "" || len(key) > 500 {
		return Path{}, false
	}
	for part := range strings.SplitSeq(key, "/") {
		if part == "" || part == "." || part == ".." {
			return Path{}, false
		}
	}
	return Path{bucket, key}, true
}

// Belongs reports whether the key names the user as the owner. A row that
// points at another's file must not hand it over.
func (p Path) Belongs(user core.ID) bool {
	folders := strings.Split(p.Key, "/")
	if folders[0] == "user" && len(folders) > 1 {
		folders = folders[1:]
	}
	return len(folders) > 1 && strings.EqualFold(folders[0], user.String())
}
