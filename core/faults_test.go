package core_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var namedTest = regexp.MustCompile("`(Test\\w+)(?:/(\\w+))?`")

// Every row of the table of faults names tests that there are, or says why
// there is none.
func TestEveryFaultHasItsTestOrAReason(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "docs", "faults.md"))
	if err != nil {
		t.Fatal(err)
	}
	tests := testsIn(t, os.DirFS(".."))
	rows := 0
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(line, " | ")
		if len(cells) != 2 || !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| Fault") || strings.HasPrefix(line, "| ---") {
			continue
		}
		rows++
		named := namedTest.FindAllStringSubmatch(cells[1], -1)
		if len(named) == 0 && !strings.HasPrefix(cells[1], "Not tested: ") {
			t.Errorf("no test and no reason: %s", cells[0])
		}
		for _, m := range named {
			text, known := tests[m[1]]
			if !known || (m[2] != "" && !strings.Contains(text, `"`+m[2]+`"`)) {
				t.Errorf("there is no test %s, named for: %s", strings.Trim(m[0], "`"), cells[0])
			}
		}
	}
	if rows < 30 {
		t.Errorf("only %d rows were read", rows)
	}
}
