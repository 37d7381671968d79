package core_test

import (
	"fmt"
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

// Every threat, from the first to the last, has a row, and in it a test with its
// id in the name.
func TestEveryThreatHasATestNamedAfterIt(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/threats.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := testsIn(t, os.DirFS(".."))
	named := 0
	for n := 1; n <= papers["docs/threats.md"]; n++ {
		id := fmt.Sprintf("S%02d", n)
		row := regexp.MustCompile(`(?m)^\| `+id+` \| .*$`).FindAllString(string(text), -1)
		if len(row) != 1 {
			t.Errorf("%s has %d rows", id, len(row))
			continue
		}
		form, found := threatForm(id), 0
		for _, name := range quotedWord.FindAllStringSubmatch(row[0], -1) {
			if _, known := tests[name[1]]; known && form.MatchString(name[1]) {
				found++
			}
		}
		if found == 0 {
			t.Errorf("no test that is named after %s stands in its row", id)
		}
		named += found
	}
	t.Logf("%d threats have %d tests named after them", papers["docs/threats.md"], named)
}

// threatForm finds a threat's id as a word of a test's name: of its own, or
// before a capital letter.
func threatForm(id string) *regexp.Regexp {
	return regexp.MustCompile(`^Test(?:\w+_)?` + id + `(?:_|[A-Z])`)
}

func TestAThreatsIdIsAWordOfTheName(t *testing.T) {
	t.Parallel()
	for name, ok := range map[string]bool{"TestS01_X": true, "TestS01X": true, "TestL007_S01_X": true, "TestS011_X": false, "TestS02_X": false,
		"TestXS01_X": false, "FuzzS01_X": false, "TestS01x": false} {
		if threatForm("S01").MatchString(name) != ok {
			t.Errorf("%s: %t, want %t", name, !ok, ok)
		}
	}
}

// sections is how many each chapter of ASVS 5.0 has, from V1 on.
var sections = []int{5, 4, 7, 4, 4, 8, 6, 4, 2, 7, 7, 3, 4, 3, 4, 5, 3}

// Every section of every chapter has a row, or its chapter has one.
func TestTheTableOfASVSHasEverySection(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	table, _, _ := strings.Cut(string(text), "## HIPAA")
	there, requirement := map[string]bool{}, regexp.MustCompile(`V?(\d+)\.(\d+)|V(\d+)`)
	rows := regexp.MustCompile(`(?m)^\| (V?\d+[^|]*) \|`).FindAllStringSubmatch(table, -1)
	for _, row := range rows {
		ids := regexp.MustCompile(`^V10\.3 to V10\.7`).ReplaceAllString(row[1], "V10.3, V10.4, V10.5, V10.6, V10.7")
		for _, id := range requirement.FindAllStringSubmatch(ids, -1) {
			there[id[1]+"."+id[2]] = true
			there[id[3]] = true
		}
	}
	for i, count := range sections {
		chapter := fmt.Sprint(i + 1)
		for section := 1; section <= count && !there[chapter]; section++ {
			if id := fmt.Sprintf("%s.%d", chapter, section); !there[id] {
				t.Errorf("V%s has no row", id)
			}
		}
	}
	t.Logf("%d rows", len(rows))
}

// S37: what is built is what go.sum names, to the byte; and every module that we
// call ourselves was chosen, for docs/dependencies.md says what it is for.
func TestS37_EveryDependencyIsPinnedAndNamed(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for _, name := range []string{"go.mod", "go.sum", "docs/dependencies.md"} {
		text, err := os.ReadFile("../" + name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(text)
	}
	if strings.Contains(files["go.mod"], "\nreplace") {
		t.Error("go.mod replaces a module: what is built is not what is named")
	}
	required := regexp.MustCompile(`(?m)^\t(\S+) (v\S+)( // indirect)?$`).FindAllStringSubmatch(files["go.mod"], -1)
	if len(required) < 20 {
		t.Fatalf("%d modules: the test does not see them", len(required))
	}
	for _, module := range required {
		if !strings.Contains(files["go.sum"], module[1]+" "+module[2]+"/go.mod h1:") {
			t.Errorf("go.sum has no sum of %s %s", module[1], module[2])
		}
		if module[3] == "" && !strings.Contains(files["docs/dependencies.md"], "| `"+module[1]+"` | ") {
			t.Errorf("docs/dependencies.md does not say what %s is for", module[1])
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
