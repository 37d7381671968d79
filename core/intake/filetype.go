package intake

import (
	"mime"
	"path"
	"slices"
	"strings"

	"github.com/insurance-navigator/navigator/core"
)

// endings are the name endings that claim a type. An ending that is not here
// claims nothing: people write "Plan 2.1" and "policy.2026".
var endings = map[string]string{
	".pdf": "application/pdf", ".txt": "text/plain", ".html": "text/html", ".htm": "text/html",
	".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif",
	".zip": "application/zip", ".js": "text/javascript", ".mjs": "text/javascript", ".exe": "application/x-msdownload",
	".dll": "application/x-msdownload", ".com": "application/x-msdownload", ".bat": "application/x-bat",
	".cmd": "application/x-bat", ".sh": "application/x-sh", ".php": "application/x-php", ".jar": "application/java-archive",
	".doc": "application/msword", ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

// vague are the declared types that claim nothing.
var vague = []string{"", "application/octet-stream", "binary/octet-stream", "application/x-download", "application/force-download"}

// Agrees checks that the type found in the bytes is one we take, and that what
// the client claims, by the part's type and by the name's ending, is the same:
// a file of two types is for some reader not what we took it for.
func Agrees(found, declared, name string, taken []string) error {
	if !slices.Contains(taken, found) {
		return core.Fail(core.CodeFileUnsupported, nil)
	}
	if claimed, ok := endings[strings.ToLower(path.Ext(name))]; ok && claimed != found {
		return core.Fail(core.CodeFileUnsupported, nil)
	}
	media, _, err := mime.ParseMediaType(declared)
	if err != nil {
		media = "" // not a type, so no claim
	}
	if media == "application/x-pdf" {
		media = "application/pdf"
	}
	if media != found && !slices.Contains(vague, media) {
		return core.Fail(core.CodeFileUnsupported, nil)
	}
	return nil
}
