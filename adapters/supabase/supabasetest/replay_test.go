package supabasetest_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// exactExchange is the whole of a recorded answer: what was noted of its
// headers, and its body's first line.
type exactExchange struct {
	title  string
	status int
	header map[string]string
	body   string
}

var headerLine = regexp.MustCompile(`^([a-z-]+): (.*)$`)

// readExact is a recording in its order, and the headers that it notes.
func readExact(t *testing.T, name string) (all []exactExchange, noted map[string]bool) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(recordings, name))
	if err != nil {
		t.Skipf("no recorded exchanges to compare with: %v", err)
	}
	noted = map[string]bool{}
	for part := range strings.SplitSeq(strings.TrimLeft(string(content), "\n"), "\n### ") {
		title, rest, _ := strings.Cut(strings.TrimPrefix(part, "### "), "\n")
		x := exactExchange{title: strings.TrimSpace(title), header: map[string]string{}}
		head, body := headOf(rest)
		x.body = body
		for _, line := range head {
			if proto, after, ok := strings.Cut(line, " "); ok && strings.HasPrefix(proto, "HTTP/") {
				x.status, _ = strconv.Atoi(after[:3])
			} else if pair := headerLine.FindStringSubmatch(line); pair != nil {
				x.header[pair[1]], noted[pair[1]] = pair[2], true
			}
		}
		all = append(all, x)
	}
	return all, noted
}

// headOf splits a recorded answer. What was dumped after it is left out: the
// same answer once more, and a file's further lines.
func headOf(text string) (head []string, body string) {
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if strings.HasPrefix(line, "HTTP/") && len(head) > 0 {
			break
		}
		if !strings.HasPrefix(line, "HTTP/") && !headerLine.MatchString(line) {
			return head, line
		}
		head = append(head, line)
	}
	return head, ""
}

// namer replaces what differs from run to run: an id or a digest by the place
// of its first appearance, so that the same one stays the same; times and
// tokens by a word.
type namer struct{ names map[string]string }

var (
	everyRun = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}`)
	anyTime  = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z|[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT`)
	anyToken = regexp.MustCompile(`eyJ[\w-]+\.[\w-]+\.[\w-]+|<jwt>`)
	beyond   = regexp.MustCompile(`[^\x00-\x7f]`) // the recordings lost what is not ASCII
)

func (n *namer) name(text string) string {
	text = everyRun.ReplaceAllStringFunc(text, func(found string) string {
		if n.names[found] == "" {
			n.names[found] = "<" + strconv.Itoa(len(found)) + "-" + strconv.Itoa(len(n.names)) + ">"
		}
		return n.names[found]
	})
	return beyond.ReplaceAllString(anyToken.ReplaceAllString(anyTime.ReplaceAllString(text, "<time>"), "<token>"), "")
}

// exactOf is an answer of the fake in the words of a recording.
func exactOf(title string, r reply, noted map[string]bool) exactExchange {
	x := exactExchange{title: title, status: r.status, header: map[string]string{}}
	x.body, _, _ = strings.Cut(r.body, "\n")
	for name := range noted {
		if value := r.header.Get(name); value != "" {
			x.header[name] = value
		}
	}
	return x
}

// named is an exchange with the names in place of what differs.
func (n *namer) named(x exactExchange) exactExchange {
	for name, value := range x.header {
		x.header[name] = n.name(value)
	}
	x.body = n.name(x.body)
	return x
}

// replayAll makes every request of a recording, in its order, by the steps of
// the same titles.
func replayAll(t *testing.T, file string, s *session, steps map[string]func(*session) reply) {
	t.Helper()
	recorded, noted := readExact(t, file)
	real, fake := &namer{map[string]string{}}, &namer{map[string]string{}}
	for _, want := range recorded {
		step, known := steps[want.title]
		if !known {
			t.Errorf("%q is recorded and not replayed", want.title)
			continue
		}
		r := step(s)
		s.replies[want.title] = r
		want, got := real.named(want), fake.named(exactOf(want.title, r, noted))
		if want.status == http.StatusNotModified { // net/http sends neither there
			delete(want.header, "content-type")
			delete(want.header, "content-length")
			want.body = ""
		}
		if want.body == "" { // there was none, or only the head was noted; the length tells
			got.body = ""
		}
		if cut := len(want.body); cut > 400 && cut < len(got.body) { // the recording ends before the answer did
			got.body = got.body[:cut]
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(exactExchange{})); diff != "" {
			t.Errorf("%s (-real +fake):\n%s", want.title, diff)
		}
	}
	if len(steps) != len(recorded) {
		t.Errorf("%d steps for %d recorded exchanges", len(steps), len(recorded))
	}
}
