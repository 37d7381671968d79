package supabasetest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
)

// recordedAnswer is one answer of the real Auth, with the headers it is known by.
type recordedAnswer struct {
	title     string
	status    int
	header    http.Header
	locations []string // the answer's own, and those of the redirects after it
	body      string
}

// readAnswers reads a recording; a test without it is skipped.
func readAnswers(t *testing.T, name string) []recordedAnswer {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(recordings, name))
	if err != nil {
		t.Skipf("no recorded exchanges to compare with: %v", err)
	}
	var all []recordedAnswer
	for _, part := range strings.Split("\n"+string(content), "\n### ")[1:] {
		title, rest, _ := strings.Cut(part, "\n")
		all = append(all, readAnswer(strings.TrimSpace(title), rest))
	}
	return all
}

func readAnswer(title, text string) recordedAnswer {
	a := recordedAnswer{title: title, header: http.Header{}}
	for line := range strings.SplitSeq(text, "\n") {
		name, value, isHeader := strings.Cut(line, ": ")
		switch {
		case strings.HasPrefix(line, "HTTP/1.1 "):
			a.status, _ = strconv.Atoi(line[9:12])
		case a.body == "" && (line != "" && strings.ContainsAny(line[:1], "{[<")):
			a.body = line
		case isHeader && name == "location":
			a.locations = append(a.locations, value)
		case isHeader && a.body == "" && !strings.Contains(name, " "):
			a.header.Set(name, value)
		}
	}
	return a
}

// replayed compares what a fake answers with a recording, in its order.
type replayed struct {
	client
	t    *testing.T
	all  []recordedAnswer
	seen map[string]bool
}

func replaying(t *testing.T, name string, o supabasetest.Options) *replayed {
	t.Helper()
	all := readAnswers(t, name)
	return &replayed{client: serve(t, o), t: t, all: all, seen: map[string]bool{}}
}

// play sends a request and holds its answer against the one recorded under the
// title.
func (r *replayed) play(title, method, path, body string, headers ...string) reply {
	r.t.Helper()
	i := slices.IndexFunc(r.all, func(a recordedAnswer) bool { return a.title == title })
	if i < 0 {
		r.t.Fatalf("%q is not in the recording", title)
	}
	r.seen[title] = true
	var sent io.Reader
	if body != "" || method == http.MethodPost {
		sent = strings.NewReader(body)
	}
	got := r.do(r.t, method, "/auth/v1/"+path, sent, headers...)
	want := r.all[i]
	if got.status != want.status {
		r.t.Errorf("%s: HTTP %d, the real one says %d (%s)", title, got.status, want.status, got.body)
	}
	for _, name := range []string{"X-Sb-Error-Code", "X-Supabase-Api-Version", "Cache-Control", "Sb-Auth-Refresh-Token-Reuse"} {
		if diff := cmp.Diff(want.header.Get(name), got.header.Get(name)); diff != "" {
			r.t.Errorf("%s, %s (-real +fake):\n%s", title, name, diff)
		}
	}
	for _, name := range []string{"Content-Type", "Sb-Auth-User-Id", "Sb-Auth-Session-Id", "Sb-Auth-Refresh-Token-Prefix"} {
		if (want.header.Get(name) != "") != (got.header.Get(name) != "") && want.header.Get("Content-Type") != "" {
			r.t.Errorf("%s: the header %s is %q, the real one's %q", title, name, got.header.Get(name), want.header.Get(name))
		}
	}
	if len(want.locations) > 0 {
		r.leads(title, want.locations[0], got.header.Get("Location"))
	}
	wanted, answered := want.body, got.body
	if account := elided.FindString(want.body); account != "" {
		wanted, answered = strings.Replace(want.body, account, `"elided"`, 1), r.elide(title, account, got.body)
	}
	if diff := cmp.Diff(bodyShape(wanted), bodyShape(answered)); diff != "" {
		r.t.Errorf("%s (-real +fake):\n%s", title, diff)
	}
	return got
}

// elided stands in a recording where a whole account was: its id and its names.
var elided = regexp.MustCompile(`\{"id": "[^"]+", "\\u2026": \[[^]]*\]\}`)

// elide takes the account out of an answer, once its names are the recorded ones.
func (r *replayed) elide(title, account, body string) string {
	r.t.Helper()
	var want map[string][]string
	var got struct {
		User json.RawMessage `json:"user"`
	}
	_ = json.Unmarshal([]byte(regexp.MustCompile(`"id": "[^"]+", `).ReplaceAllString(account, "")), &want)
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		r.t.Fatalf("%s: %v", title, err)
	}
	var names []string
	decoder := json.NewDecoder(strings.NewReader(string(got.User)))
	_, _ = decoder.Token()
	for decoder.More() {
		name, _ := decoder.Token()
		names = append(names, fmt.Sprint(name))
		var value json.RawMessage
		_ = decoder.Decode(&value)
	}
	if diff := cmp.Diff(want["…"], names); diff != "" {
		r.t.Errorf("%s, the account (-real +fake):\n%s", title, diff)
	}
	return strings.Replace(body, string(got.User), `"elided"`, 1)
}

// finish fails for every recorded answer that nothing replayed.
func (r *replayed) finish(not map[string]string) {
	r.t.Helper()
	for _, a := range r.all {
		if _, excused := not[a.title]; !r.seen[a.title] && !excused {
			r.t.Errorf("%q was not replayed", a.title)
		}
	}
}

// What differs from run to run in an address.
var addressMasks = []struct {
	form *regexp.Regexp
	mask string
}{
	{regexp.MustCompile(`127\.0\.0\.1(:|%3A)\d+`), "host"},
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "id"},
	{regexp.MustCompile(`access_token=[^&]+`), "access_token=jwt"},
	{regexp.MustCompile(`refresh_token=[a-z0-9]{12}`), "refresh_token=12"},
	{regexp.MustCompile(`expires_at=\d+`), "expires_at=n"},
}

func (r *replayed) leads(title, want, got string) {
	r.t.Helper()
	for _, m := range addressMasks {
		want, got = m.form.ReplaceAllString(want, m.mask), m.form.ReplaceAllString(got, m.mask)
	}
	if want != got {
		r.t.Errorf("%s leads to\n%s, the real one to\n%s", title, got, want)
	}
}

// bodyShape is a JSON text with its names in their order and its values
// replaced by their kinds; of errors the values stay. Other texts are "page".
func bodyShape(text string) string {
	if text == "" {
		return ""
	}
	var whole map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &whole) != nil {
		return "page"
	}
	var out strings.Builder
	decoder := json.NewDecoder(strings.NewReader(text))
	writeShape(&out, decoder, whole["msg"] != nil || whole["message"] != nil)
	return out.String()
}

func writeShape(out *strings.Builder, d *json.Decoder, values bool) {
	token, err := d.Token()
	if err != nil {
		fmt.Fprintf(out, "broken: %v", err)
		return
	}
	open, composite := token.(json.Delim)
	if !composite {
		out.WriteString(kindOf(token, values))
		return
	}
	out.WriteString(open.String())
	for n := 0; d.More(); n++ {
		var rest strings.Builder
		if open == '{' {
			name, _ := d.Token()
			fmt.Fprintf(&rest, "\n%v:", name)
		}
		writeShape(&rest, d, values)
		if open == '{' || n == 0 { // of a list, the first
			out.WriteString(rest.String())
		}
	}
	_, _ = d.Token() // the closing one
	out.WriteString("/")
}

func kindOf(token json.Token, values bool) string {
	if values {
		return fmt.Sprintf("%v", token)
	}
	switch token.(type) {
	case string:
		return "text"
	case float64:
		return "number"
	case bool:
		return "bool"
	}
	return "null"
}

func (r reply) session(t *testing.T) (s struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.body), &s); err != nil {
		t.Fatalf("%v: %s", err, r.body)
	}
	return s
}

// hand is a clock that is set by hand.
type hand struct{ at time.Time }

func newHand() *hand { return &hand{time.Now()} }

func (h *hand) now() time.Time { return h.at }

func (h *hand) pass(d time.Duration) { h.at = h.at.Add(d) }
