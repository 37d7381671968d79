package core_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// papers are the pages whose tables tell what holds each requirement, with the
// fewest rows that each has.
var papers = map[string]int{"docs/security.md": 90, "docs/threats.md": 43}

var (
	quotedWord  = regexp.MustCompile("`([^`]+)`")
	pendingWord = regexp.MustCompile(`(?i)\bpending\b`)
	// a reason has more than a few words
	reasonForm = regexp.MustCompile(`^Not applicable: .{20,}$`)
)

// Every row ends with tests that exist, with pages or files that exist, or with
// a reason; nothing is left for later.
func TestThePapersNameWhatThereIs(t *testing.T) {
	t.Parallel()
	tests := testsIn(t, os.DirFS(".."))
	for page, least := range papers {
		rows := 0
		text, err := os.ReadFile("../" + page)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(string(text), "\n") {
			cells := strings.Split(strings.Trim(line, "| "), " | ")
			if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| ---") || cells[len(cells)-1] == "Held by" {
				continue
			}
			rows++
			if fault := unheld(cells, tests); fault != "" {
				t.Errorf("%s, %s: %s", page, cells[0], fault)
			}
		}
		if rows < least {
			t.Errorf("%s has %d rows, want %d: the test does not see them", page, rows, least)
		}
		if pendingWord.Match(text) {
			t.Errorf("%s leaves something for later", page)
		}
	}
}

// unheld says what is wrong with a row; "" for nothing.
func unheld(cells []string, tests map[string]string) string {
	if len(cells) != 3 {
		return "it has not three cells"
	}
	held := cells[2]
	if reasonForm.MatchString(held) {
		return ""
	}
	names := quotedWord.FindAllStringSubmatch(held, -1)
	if len(names) == 0 {
		return "neither a test, nor a page, nor a reason"
	}
	for _, name := range names {
		if _, known := tests[name[1]]; known {
			continue
		}
		if strings.HasPrefix(name[1], "Test") || strings.HasPrefix(name[1], "Fuzz") {
			return "there is no test " + name[1]
		}
		if _, err := os.Stat("../" + name[1]); err != nil {
			return "there is no " + name[1]
		}
	}
	return ""
}

// A row that holds nothing is found.
func TestAPaperThatHoldsNothingIsFound(t *testing.T) {
	t.Parallel()
	tests := map[string]string{"TestA": ""}
	for held, ok := range map[string]bool{"`TestA`": true, "`TestA`, `docs/security.md`": true, "`TestB`": false, "`docs/nothing.md`": false,
		"": false, "yes": false, "Not applicable: no": false, "Not applicable: there is no such thing here": true, "pending": false} {
		if fault := unheld([]string{"a", "b", held}, tests); (fault == "") != ok {
			t.Errorf("%q: %q", held, fault)
		}
	}
}
