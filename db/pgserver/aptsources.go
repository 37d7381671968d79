package pgserver

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// aptSource is one entry of the machine's package sources.
type aptSource struct {
	uris, suites, components []string
	signedBy                 string
	disabled                 bool
}

// offers tells whether the entry is the main archive of a release; updates and
// security archives carry a suffix and are not.
func (s aptSource) offers(codename string) bool {
	return !s.disabled && len(s.uris) > 0 && slices.Contains(s.suites, codename)
}

// sourceStanza is the entry for source packages of another release.
func (s aptSource) sourceStanza(release string) string {
	text := fmt.Sprintf("Types: deb-src\nURIs: %s\nSuites: %s\nComponents: %s\n",
		strings.Join(s.uris, " "), release, strings.Join(s.components, " "))
	if s.signedBy != "" {
		text += "Signed-By: " + s.signedBy + "\n"
	}
	return text
}

// readSources reads sources.list and sources.list.d in both of apt's formats.
func readSources(dir string) ([]aptSource, error) {
	oneLiners, _ := filepath.Glob(filepath.Join(dir, "sources.list.d", "*.list"))
	stanzas, _ := filepath.Glob(filepath.Join(dir, "sources.list.d", "*.sources"))
	var all []aptSource
	for _, path := range append([]string{filepath.Join(dir, "sources.list")}, oneLiners...) {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // absent, or not for us to read: the others may do
		}
		all = append(all, parseOneLine(string(text))...)
	}
	for _, path := range stanzas {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		all = append(all, parseStanzas(string(text))...)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s holds no package sources", dir)
	}
	return all, nil
}

var oneLineSource = regexp.MustCompile(`^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.+)$`)

// parseOneLine reads "deb [options] uri suite components" lines.
func parseOneLine(text string) []aptSource {
	var all []aptSource
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), "#")
		m := oneLineSource.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		s := aptSource{uris: m[2:3], suites: m[3:4], components: strings.Fields(m[4])}
		for option := range strings.FieldsSeq(m[1]) {
			if v, ok := strings.CutPrefix(option, "signed-by="); ok {
				s.signedBy = v
			}
		}
		all = append(all, s)
	}
	return all
}

// parseStanzas reads the deb822 format. A key given inline keeps its lines.
func parseStanzas(text string) []aptSource {
	var all []aptSource
	for stanza := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		fields := stanzaFields(stanza)
		if !slices.Contains(strings.Fields(fields["types"]), "deb") {
			continue
		}
		all = append(all, aptSource{
			uris:       strings.Fields(fields["uris"]),
			suites:     strings.Fields(fields["suites"]),
			components: strings.Fields(fields["components"]),
			signedBy:   fields["signed-by"],
			disabled:   strings.EqualFold(fields["enabled"], "no"),
		})
	}
	return all
}

// stanzaFields maps lower-case names to values, continuation lines included.
func stanzaFields(stanza string) map[string]string {
	fields := map[string]string{}
	last := ""
	for line := range strings.SplitSeq(stanza, "\n") {
		switch {
		case strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, " "), strings.HasPrefix(line, "\t"):
			fields[last] += "\n" + line
		default:
			if key, value, ok := strings.Cut(line, ":"); ok {
				last = strings.ToLower(strings.TrimSpace(key))
				fields[last] = strings.TrimSpace(value)
			}
		}
	}
	return fields
}
