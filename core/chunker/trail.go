package chunker

// trail follows the sections a piece holds text of. A heading alone is no text:
// the path of "# Plan", "## Costs" and a paragraph is that of the paragraph.
type trail struct {
	sections []section
	last     int32    // the section added last
	body     bool     // there is text
	found    bool     // there is text of a section
	path     []string // common to all text of a section
	bare     []string // that of the first heading, where there is no text
}

func (t *trail) add(u unit) {
	path := t.sections[u.section].path
	if u.kind == heading {
		if t.bare == nil {
			t.bare = path
		}
		return
	}
	switch {
	case t.body && u.section == t.last:
	case len(path) == 0: // before the first heading
	case !t.found:
		t.path, t.found = path, true
	default:
		t.path = t.path[:shared(t.path, path)]
	}
	t.body, t.last = true, u.section
}

// ends reports whether the piece ends before a heading; tiny says that it would
// then be too small to be found.
func (t *trail) ends(h unit, tiny bool) bool {
	next := t.sections[h.section]
	switch {
	case !t.body:
		return false
	case !tiny && (next.level <= 2 || !t.found):
		return true
	}
	return t.found && shared(t.path, next.path) == 0
}

// common is the path of the whole piece.
func (t *trail) common() []string {
	if !t.body {
		return t.bare
	}
	return t.path
}

// shared is the length of what two paths have in common.
func shared(a, b []string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
