package boot_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

var update = flag.Bool("update", false, "write docs/terminal.md")

var page = filepath.Join("..", "..", "..", "docs", "terminal.md")

// session is a person at a terminal, and the page that it makes.
type session struct {
	*tool
	page strings.Builder
	raw  strings.Builder // all that the terminal was sent
}

func (s *session) tell(text string) { s.page.WriteString("\n" + text + "\n") }

// show puts a command and its screen on the page.
func (s *session) show(args []string, code int, screen string) {
	quoted := slices.Clone(args)
	for i, arg := range quoted {
		if strings.ContainsAny(arg, " ?") {
			quoted[i] = `"` + arg + `"`
		}
	}
	fmt.Fprintf(&s.page, "\n```console\n$ navigator %s\n%s", strings.Join(quoted, " "), ordered(screen))
	if code != 0 {
		fmt.Fprintf(&s.page, "$ echo $?\n%d\n", code)
	}
	s.page.WriteString("```\n")
}

// does runs a command that has to end with a code and show some texts.
func (s *session) does(code int, texts []string, args ...string) string {
	s.w.t.Helper()
	c := s.start(args...)
	return s.expects(c, code, texts, args...)
}

func (s *session) expects(c *running, code int, texts []string, args ...string) string {
	s.w.t.Helper()
	got, screen := c.ended()
	s.raw.WriteString(c.written())
	if got != code {
		s.w.t.Errorf("%q ended with %d, not %d:\n%s", args, got, code, screen)
	}
	for _, text := range texts {
		if !strings.Contains(screen, text) {
			s.w.t.Errorf("%q does not show %q:\n%s", args, text, screen)
		}
	}
	s.show(args, got, screen)
	return screen
}

// ordered puts lines that come as things happen to be done into one order.
func ordered(screen string) string {
	lines := strings.SplitAfter(screen, "\n")
	for begin := 0; begin < len(lines); {
		end := begin + 1
		for kind := kindOf(lines[begin]); kind != "" && end < len(lines) && kindOf(lines[end]) == kind; {
			end++
		}
		slices.SortStableFunc(lines[begin:end], func(a, b string) int {
			return strings.Compare(changing.ReplaceAllString(a, ""), changing.ReplaceAllString(b, ""))
		})
		begin = end
	}
	return strings.Join(lines, "")
}

var kinds = []*regexp.Regexp{regexp.MustCompile(`^\S+\.pdf: \S+ [a-z_]+\n`), regexp.MustCompile(`^\S+\.pdf: complete `),
	regexp.MustCompile(`^\[[#-]+\] `), regexp.MustCompile(`^[0-9a-f-]{36}  `)}

// changing is the ids, times and sizes of a line.
var changing = regexp.MustCompile(uuid.String() + `|\d+`)

func kindOf(line string) string {
	for _, kind := range kinds {
		if kind.MatchString(line) {
			return kind.String()
		}
	}
	return ""
}

var uuid = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// steady replaces what is different in every run by something of its width.
func steady(text, api, home string) string {
	names := map[string]string{}
	text = uuid.ReplaceAllStringFunc(text, func(id string) string {
		if names[id] == "" {
			names[id] = fmt.Sprintf("0198f1b2-7c3a-7d52-9f6e-%012d", len(names)+1)
		}
		return names[id]
	})
	text = strings.ReplaceAll(text, strings.TrimPrefix(api, "http://"), "127.0.0.1:8000")
	text = strings.ReplaceAll(text, home, "/home/ada")
	for _, rule := range []struct{ what, by string }{
		{`after \d+(\.\d+)?(ms|µs|s)`, "after 0.25s"}, {` *\d+\.\d\ds  `, "     0.25s  "}, {`(?m)  +\d+\.\d\ds$`, "     0.25s"},
		{`[a-z_]+, attempt 2`, "uploaded, attempt 2"}, {`(?m)(\.pdf: [0-9a-f-]{36}) [a-z_]+$`, "$1 uploaded"}, {`(\d+m)?\d+s ago`, "1s ago"},
		{`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}`, "2026-01-31 09:00:00.000"}, {`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`, "2026-01-31 09:00:00"},
		{`20[3-9]\d-\d\d-\d\d \d\d:\d\d|202[6-9]-\d\d-\d\d \d\d:\d\d\b`, "2026-01-31 09:00"},
	} {
		text = regexp.MustCompile(rule.what).ReplaceAllString(text, rule.by)
	}
	return text
}

// intro begins the page.
const intro = `# The tool at a terminal

A session of a person with the ` + "`navigator`" + ` tool, as it was shown on a terminal of 110 columns. A test makes it
(` + "`go test ./cmd/internal/boot -run TestTerminal -update`" + `) and holds this page to it; ids, times and addresses are
replaced by others of their kind. ` + "`navigator --help`" + ` and ` + "`navigator COMMAND --help`" + ` list the rest.
`

// TestTerminalSession goes through a person's day with the built tool at a real
// terminal, before the whole product.
func TestTerminalSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(boot.Dev)
	w.person("ada")
	s := &session{tool: built(w)}
	s.page.WriteString(intro)
	s.file("summary.pdf", corpus.Summary().Bytes)
	s.file("letters/denial.pdf", corpus.DenialLetter().Bytes)
	s.file("letters/notes.txt", []byte("call them"))
	s.file("card.pdf", corpus.MemberCard().Bytes)
	s.signsIn()
	id := s.uploadsTwo()
	s.asks(id)
	s.fails()
	s.deletes(id)
	s.tell("When something does not work:")
	s.does(0, []string{"ok       address", "ok       session              signed in as ada@example.com"}, "doctor")
	s.isClean()
	s.isKept()
}

func (s *session) signsIn() {
	s.w.t.Helper()
	s.tell("Signing in; the password is not shown. `NAVIGATOR_URL` names the deployment.")
	c := s.start("login", "--email", "ada@example.com")
	c.until("Password:")
	c.types("quiet-heron-lantern-ada\n")
	s.expects(c, 0, []string{"signed in to " + s.w.api + " as ada@example.com"}, "login", "--email", "ada@example.com")
}

// uploadsTwo uploads a file and a folder, looks at the bars while the parser is
// held, and gives the summary's id.
func (s *session) uploadsTwo() string {
	s.w.t.Helper()
	s.w.llama.Faults.Hold()
	args := []string{"upload", "--wait", "summary.pdf", "letters"}
	c := s.start(args...)
	frame := c.until("20% parse_queued  summary.pdf", "20% parse_queued  denial.pdf")
	s.w.until("the bars of the sending to go", func() bool { frame = c.shown(); return !strings.Contains(frame, "sending") })
	s.w.llama.Faults.Release()
	s.tell("A file and a folder. While they are on their way, each has a bar:")
	s.show(args, 0, frame)
	s.tell("and at the end:")
	screen := s.expects(c, 0, []string{"skipped: notes.txt: not a PDF", "summary.pdf: complete after ", "denial.pdf: complete after ", "3 files: 2 complete, 1 skipped"}, args...)
	if strings.Contains(screen, "[#") {
		s.w.t.Errorf("a bar is left:\n%s", screen)
	}
	found := regexp.MustCompile(`summary\.pdf: (` + uuid.String() + `) [a-z_]+\n`).FindStringSubmatch(screen)
	if found == nil {
		s.w.t.Fatalf("no id is shown:\n%s", screen)
	}
	return found[1]
}

func (s *session) asks(id string) {
	s.w.t.Helper()
	s.does(0, []string{"complete  100%      summary.pdf", "complete  100%      denial.pdf"}, "list")
	s.does(0, []string{"status    complete  100%"}, "status", id)
	s.does(0, []string{"summary.pdf", "page 1"}, "search", "--limit", "2", "what is my deductible?")
	s.tell("How it came there:")
	screen := s.does(0, []string{"-> uploaded ", "embeddings_stored     -> complete"}, "events", id)
	if n := strings.Count(screen, " -> "); n != 10 {
		s.w.t.Errorf("%d moves are shown:\n%s", n, screen)
	}
	s.tell("The same content again is no second document:")
	s.does(3, []string{"summary.pdf: uploaded before as " + id}, "upload", "summary.pdf")
}

func (s *session) fails() {
	s.w.t.Helper()
	s.tell("A document that fails, and a second try once the cause is gone:")
	s.w.llama.Faults.FailWith("PDF_IS_BROKEN")
	screen := s.does(1, []string{"card.pdf: failed_parse after ", "error: card.pdf: ", "document id: "}, "upload", "--wait", "card.pdf")
	id := uuid.FindString(screen)
	s.w.llama.Faults.Reset()
	s.does(0, []string{id + ": ", ", attempt 2"}, "retry", id)
	// Not on the page: a release without streams tells of the last attempt alone.
	c := s.start("events", "--follow", id)
	if code, screen := c.ended(); code != 0 || !strings.Contains(screen, "  2  embeddings_stored     -> complete") {
		s.w.t.Errorf("events ended with %d:\n%s", code, screen)
	}
	s.raw.WriteString(c.written())
	s.does(0, []string{"attempt   2", "status    complete  100%"}, "status", id)
}

func (s *session) deletes(id string) {
	s.w.t.Helper()
	args := []string{"delete", id}
	c := s.start(args...)
	c.until("[y/N]")
	c.types("n\n")
	s.expects(c, 1, []string{"nothing was deleted"}, args...)
	c = s.start(args...)
	c.until("[y/N]")
	c.types("y\n")
	s.expects(c, 0, []string{id + ": deleting; nothing of it can be found any more"}, args...)
	if screen := s.does(0, []string{"denial.pdf", "card.pdf"}, "list"); strings.Contains(screen, "summary.pdf") {
		s.w.t.Errorf("it is still listed:\n%s", screen)
	}
}

// isClean holds what the terminal was sent to: color where it means something,
// and no secret at all.
func (s *session) isClean() {
	s.w.t.Helper()
	raw := s.raw.String()
	if !strings.Contains(raw, "\x1b[32mcomplete\x1b[0m") || !strings.Contains(raw, "\x1b[1;33mdeductible\x1b[0m") {
		s.w.t.Error("nothing is colored")
	}
	kept, err := os.ReadFile(filepath.Join(strings.TrimPrefix(s.environ[1], "XDG_CONFIG_HOME="), "navigator", "session.json"))
	if err != nil {
		s.w.t.Fatal(err)
	}
	secrets := regexp.MustCompile(`"(?:access|refresh)_token": "([^"]+)"`).FindAllStringSubmatch(string(kept), -1)
	if len(secrets) != 2 {
		s.w.t.Fatalf("%d tokens are kept", len(secrets))
	}
	for _, secret := range append(secrets, []string{"", "quiet-heron-lantern-ada"}) {
		if strings.Contains(raw, secret[1]) {
			s.w.t.Error("a secret is shown")
		}
	}
}

// isKept compares the page with the one in docs.
func (s *session) isKept() {
	s.w.t.Helper()
	got := steady(s.page.String(), s.w.api, strings.TrimPrefix(s.environ[0], "HOME="))
	if *update {
		if err := os.WriteFile(page, []byte(got), 0o644); err != nil {
			s.w.t.Fatal(err)
		}
	}
	want, err := os.ReadFile(page)
	if err != nil {
		s.w.t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		s.w.t.Errorf("docs/terminal.md is not what the tool shows (-page +tool): %s", diff)
	}
}
