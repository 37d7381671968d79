package plans

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// Statement is what is sent, and as whom.
type Statement struct {
	Role     string // that the server takes it for
	Settings string // those of its transaction that plans depend on, parted by "; "
	SQL      string // in one line, without comments
}

// compare orders statements by what they say.
func (s Statement) compare(o Statement) int {
	return cmp.Or(strings.Compare(s.SQL, o.SQL), strings.Compare(s.Role, o.Role), strings.Compare(s.Settings, o.Settings))
}

// Kept is the statements of one adapter, each with its plan: lines, with the
// deeper ones indented.
type Kept map[Statement]string

// file is where an adapter's plans are kept.
func file(adapter string) string {
	_, here, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(here), "golden", adapter+".txt")
}

// width is where a statement's lines are broken.
const width = 150

// Read reads the plans of an adapter; none are none.
func Read(adapter string) (Kept, error) {
	text, err := os.ReadFile(file(adapter))
	if os.IsNotExist(err) {
		return Kept{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the plans: %w", err)
	}
	kept := Kept{}
	for _, entry := range strings.Split(strings.TrimSpace(string(text)), "\n\n") {
		s, plan, err := parse(entry)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file(adapter), err)
		}
		kept[s] = plan
	}
	return kept, nil
}

func parse(entry string) (s Statement, plan string, err error) {
	head, rest, _ := strings.Cut(entry, "\n")
	as, ok := strings.CutPrefix(head, "== ")
	sql, plan, found := strings.Cut(rest, "\n--\n")
	if !ok || !found {
		return s, "", fmt.Errorf("no statement begins with %q", head)
	}
	s.Role, s.Settings, _ = strings.Cut(as, "; ")
	s.SQL = strings.ReplaceAll(sql, "\n", " ")
	return s, plan, nil
}

// Write keeps the plans of an adapter.
func (k Kept) Write(adapter string) error {
	var b strings.Builder
	for _, s := range k.statements() {
		as := s.Role
		if s.Settings != "" {
			as += "; " + s.Settings
		}
		fmt.Fprintf(&b, "== %s\n%s\n--\n%s\n\n", as, wrapped(s.SQL), k[s])
	}
	if err := os.WriteFile(file(adapter), []byte(strings.TrimSuffix(b.String(), "\n")), 0o644); err != nil { //nolint:gosec // a file of the repository
		return fmt.Errorf("write the plans: %w", err)
	}
	return nil
}

// statements are what is kept, in their order.
func (k Kept) statements() []Statement {
	var list []Statement
	for s := range k {
		list = append(list, s)
	}
	slices.SortFunc(list, Statement.compare)
	return list
}

func wrapped(sql string) string {
	var b strings.Builder
	at := 0
	for i, word := range strings.Split(sql, " ") {
		switch {
		case i == 0:
		case at+len(word) >= width:
			b.WriteByte('\n')
			at = 0
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += len(word)
	}
	return b.String()
}

// named finds the parameters that have names: pgx numbers them.
var named = regexp.MustCompile(`@[a-z_]+`)

// numbered is a statement with its named parameters in their order.
func numbered(sql string) string {
	places := map[string]string{}
	return named.ReplaceAllStringFunc(sql, func(name string) string {
		if places[name] == "" {
			places[name] = fmt.Sprintf("$%d", len(places)+1)
		}
		return places[name]
	})
}

// plain is a statement in one line, without its comments.
func plain(sql string) string {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(sql); i++ {
		if sql[i] == '\'' {
			quoted = !quoted
		}
		if !quoted && strings.HasPrefix(sql[i:], "--") {
			end := strings.IndexByte(sql[i:], '\n')
			if end < 0 {
				break
			}
			i += end
		}
		b.WriteByte(sql[i])
	}
	return numbered(strings.Join(strings.Fields(b.String()), " "))
}
