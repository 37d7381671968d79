package boot_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// outcome is a line of upload --json.
type outcome struct {
	File      string `json:"file"`
	ID        string `json:"document_id"`
	Status    string `json:"status"`
	Duplicate bool   `json:"duplicate"`
	Skipped   string `json:"skipped"`
	Error     *struct {
		Code string `json:"code"`
	} `json:"error"`
}

func outcomes(t *testing.T, out string) map[string]outcome {
	t.Helper()
	byFile := map[string]outcome{}
	for line := range strings.Lines(out) {
		var one outcome
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		byFile[one.File] = one
	}
	return byFile
}

// exits runs the tool in a pipe: the code is as it has to be, no escape
// sequence and no secret is written.
func (o *tool) exits(code int, args ...string) (out, errs string) {
	o.w.t.Helper()
	got, out, errs := o.piped(args...)
	if got != code {
		o.w.t.Errorf("%q ended with %d, not %d:\n%s%s", args, got, code, out, errs)
	}
	if strings.ContainsAny(out+errs, "\x1b\r") || strings.Contains(out+errs, "quiet-heron") {
		o.w.t.Errorf("%q writes %q %q", args, out, errs)
	}
	return out, errs
}

// In a pipe the tool writes plain lines, or JSON, and its exit code tells.
func TestTheToolInAPipe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(boot.Dev)
	w.person("ada")
	o := built(w)
	o.file("in/summary.pdf", corpus.Summary().Bytes)
	o.file("in/deeper/card.pdf", corpus.MemberCard().Bytes)
	o.file("in/notes.txt", []byte("notes"))
	o.file("broken.pdf", corpus.Broken().Bytes)
	o.exits(4, "list")
	o.exits(4, "upload", "in")
	o.exits(2, "upload")
	o.environ = append(o.environ, "NAVIGATOR_PASSWORD=quiet-heron-lantern-ada")
	o.exits(0, "login", "--email", "ada@example.com")
	if out, errs := o.exits(0, "upload", "--wait", "in"); !strings.Contains(out, "s  embedding_in_progress  summary.pdf\n") ||
		!strings.HasSuffix(out, "3 files: 2 complete, 1 skipped\n") || errs != "skipped: notes.txt: not a PDF\n" {
		t.Errorf("got %q, %q", out, errs)
	}
	out, errs := o.exits(1, "upload", "--json", "in", "broken.pdf")
	got := outcomes(t, out)
	if len(got) != 4 || errs != "" || !got["summary.pdf"].Duplicate || !got[filepath.Join("deeper", "card.pdf")].Duplicate ||
		got["notes.txt"].Skipped != "not a PDF" || got["broken.pdf"].Error == nil || got["broken.pdf"].Error.Code == "" {
		t.Errorf("got %+v, %q", got, errs)
	}
	o.exits(3, "upload", "in")
	o.exits(0, "list", "--json", "--after", "1h")
	if out, _ := o.exits(0, "list", "--before", "1h"); out != "" {
		t.Errorf("listed %q", out)
	}
	o.exits(0, "events", "--json", got["summary.pdf"].ID)
	o.exits(2, "delete", got["summary.pdf"].ID)
	o.exits(0, "delete", "--yes", got["summary.pdf"].ID)
	w.halt()
	o.exits(5, "list")
	if _, errs := o.exits(5, "upload", "in"); strings.Count(errs, "nothing answers at") != 2 {
		t.Errorf("got %q", errs)
	}
	if out, _ := o.exits(1, "doctor"); !strings.Contains(out, "failed   connection") || !strings.Contains(out, "skipped  encryption") {
		t.Errorf("got %s", out)
	}
}

// Ctrl-C ends the waiting and nothing else.
func TestTheToolIsInterrupted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(boot.Dev)
	ada := w.person("ada")
	o := built(w)
	o.environ = append(o.environ, "NAVIGATOR_TOKEN="+ada.token)
	o.file("summary.pdf", corpus.Summary().Bytes)
	w.llama.Faults.Hold()
	c := o.start("upload", "--wait", "summary.pdf")
	c.until("20% parse_queued  summary.pdf")
	c.types("\x03")
	code, screen := c.ended()
	id := uuid.FindString(screen)
	if code != 130 || !strings.Contains(screen, "summary.pdf: "+id+" is with the service, which goes on") || strings.Contains(c.written(), ada.token) {
		t.Errorf("ended with %d:\n%s", code, screen)
	}
	w.llama.Faults.Release()
	ada.completes(id)
}

// A running bash asks the tool what could be typed next.
func TestBashCompletes(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		// Completion is proven by the shell itself; CI has one, a small image may not.
		t.Skip("skipped: there is no bash on this machine to complete in")
	}
	o := built(&world{t: t})
	o.file("policy.pdf", []byte("%PDF"))
	o.environ = append(o.environ, "PATH="+filepath.Dir(o.bin)+string(os.PathListSeparator)+os.Getenv("PATH"), "PS1=> ")
	o.bin = bash
	for typed, want := range map[string]string{"navigator upl": "navigator upload", "navigator upload pol": "navigator upload policy.pdf",
		"navigator list --stat": "navigator list --status", "navigator list --status failed_c": "navigator list --status failed_chunking"} {
		c := o.start("--norc", "--noprofile", "-i")
		c.types("source <(navigator completion bash); echo rea''dy\n")
		c.until("\nready\n")
		c.types(typed + "\t")
		c.until(want)
		c.types("\x15exit\n") // takes the line away first
		c.ended()
	}
}

// What is written for the other shells names the tool.
func TestCompletionOfOtherShells(t *testing.T) {
	t.Parallel()
	o := built(&world{t: t})
	for shell, word := range map[string]string{"zsh": "bashcompinit", "fish": "complete -f -c navigator"} {
		if out, _ := o.exits(0, "completion", shell); !strings.Contains(out, word) || !strings.Contains(out, o.bin) {
			t.Errorf("%s: got %q", shell, out)
		}
	}
}
