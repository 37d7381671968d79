package core_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The incidents of the former system, by class. Where one id had two causes it
// stands in two classes.
var incidents = map[string]string{
	"1": "FM-009 FM-010 FM-013 P-013 P-149 L-008 FM-029 P-018 P-008 P-009 P-012 C-1 FM-012n FM-022a FM-030 FM-030p FM-033 FM-036 FM-043b P-port",
	"2": "FM-011 FM-030 FM-020 FM-026 P-010 L-004 L-003 L-024",
	"3": "L-001 FM-014 FM-017 FM-018 FM-022b FM-034 FM-021 L-007 C-2 C-3 C-4 C-5 C-6 P-sec C-7",
	"4": "FM-015 FM-023 FM-028a L-021 P-008b C-8 C-9",
	"5": "L-009A L-015 L-016 L-019 L-023 L-029 FM-012 P-007 P-011 FM-012b FM-024 FM-025 FM-027 FM-031 L-013 L-020 P-017 C-10",
	"6": "C-11 FM-028 P-015 P-016 C-12 C-13 C-14 C-15 C-16 L-027 L-028 L-030",
	"7": "L-009B FM-030p L-012 L-014 C-17 C-18 P-006 P-008c",
	"8": "L-010 FM-043 FM-038 FM-038-2 L-032 L-002 L-005 L-006 P-mix",
	"9": "FM-016 FM-028c P-001 FM-011b C-19 P-005 FM-041 FM-042 P-014b W-schema FM-012m L-017 L-018" +
		" FM-019 FM-040 FM-032 FM-035 L-022 L-033",
	"10": "FM-039 FM-027r C-20",
	"11": "L-011 L-025 L-026 L-031 P-014 P-011b C-21 C-22 C-23 FM-037 P-test P-log",
}

// Every incident has its row, and every row tests that are there, are run, and
// are named after it.
func TestEveryIncidentHasItsTest(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/incidents.md")
	if err != nil {
		t.Fatal(err)
	}
	folders := map[string]map[string]testCode{}
	find := func(folder, name string) (testCode, bool) {
		if folders[folder] == nil {
			folders[folder] = testsOf(t, filepath.Join("..", folder))
		}
		code, there := folders[folder][name]
		return code, there
	}
	for _, fault := range incidentFaults(string(page), incidents, find) {
		t.Error(fault)
	}
}

// testCode is a test's own text, that of its file, where its table may stand,
// and whether it is skipped whatever happens.
type testCode struct {
	text, file string
	skipped    bool
}

var (
	classForm  = regexp.MustCompile(`(?m)^## (\d+)\. `)
	heldByForm = regexp.MustCompile("`([\\w/]+)\\.((?:Test|Fuzz)\\w+)(?:/([\\w-]+))?`")
)

// incidentFaults says what is wrong with the page of incidents.
func incidentFaults(page string, all map[string]string, find func(folder, name string) (testCode, bool)) (faults []string) {
	classes := classForm.FindAllStringSubmatchIndex(page, -1)
	there := map[string]map[string]bool{}
	for i, at := range classes {
		end := len(page)
		if i+1 < len(classes) {
			end = classes[i+1][0]
		}
		class := page[at[2]:at[3]]
		there[class] = map[string]bool{}
		for line := range strings.Lines(page[at[1]:end]) {
			cells := strings.Split(strings.Trim(line, "| \n"), " | ")
			if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| --- ") || cells[0] == "Id" {
				continue
			}
			if len(cells) != 4 {
				faults = append(faults, cells[0]+": the row has not four cells")
				continue
			}
			ids := strings.Split(cells[0], ", ")
			for _, id := range ids {
				there[class][id] = true
			}
			faults = append(faults, rowFaults(ids, cells[3], find)...)
		}
	}
	for class, ids := range all {
		want := map[string]bool{}
		for _, id := range strings.Fields(ids) {
			want[id] = true
		}
		if diff := cmp.Diff(want, there[class]); diff != "" {
			faults = append(faults, fmt.Sprintf("class %s (-want +page):\n%s", class, diff))
		}
	}
	return faults
}

// rowFaults says what is wrong with what holds a row's incidents.
func rowFaults(ids []string, held string, find func(folder, name string) (testCode, bool)) (faults []string) {
	carried, refs := map[string]bool{}, heldByForm.FindAllStringSubmatch(held, -1)
	if len(refs) != strings.Count(held, "`")/2 {
		faults = append(faults, fmt.Sprintf("%v: not every word in %q is a folder and a test", ids, held))
	}
	for _, ref := range refs {
		folder, name, row := ref[1], ref[2], ref[3]
		code, there := find(folder, name)
		switch {
		case !there:
			faults = append(faults, fmt.Sprintf("%v: %s has no test %s", ids, folder, name))
		case code.skipped:
			faults = append(faults, fmt.Sprintf("%v: %s of %s is always skipped", ids, name, folder))
		case row != "" && !regexp.MustCompile(`"`+regexp.QuoteMeta(row)+`[ ,":]`).MatchString(code.text+code.file):
			faults = append(faults, fmt.Sprintf("%v: %s of %s has no case %s", ids, name, folder, row))
		}
		carried[row] = true
		for _, id := range idsOf(name) {
			carried[id] = true
		}
	}
	for _, id := range ids {
		same := strings.TrimSuffix(id, "-2") // FM-038-2 is FM-038 once more
		if !carried[id] && !carried[strings.ReplaceAll(id, "-", "")] && !carried[strings.ReplaceAll(same, "-", "")] {
			faults = append(faults, "no test's name in its row carries "+id)
		}
	}
	return faults
}

// idForm is an incident's id as a word of a test's name.
var idForm = regexp.MustCompile(`^(?:Test|Fuzz)?((?:FM|L|P|C)(?:\d+[a-zA-Z]?|test|log|sec|mix|port)|Wschema)$`)

// idsOf are the ids that stand, between underscores, in a test's name.
func idsOf(name string) (ids []string) {
	name = regexp.MustCompile(`_(\d)`).ReplaceAllString(name, "$1") // TestL_019_x is TestL019_x
	for part := range strings.SplitSeq(name, "_") {
		if m := idForm.FindStringSubmatch(part); m != nil {
			ids = append(ids, m[1])
		}
	}
	return ids
}

// testsOf are the tests of one folder.
func testsOf(t *testing.T, folder string) map[string]testCode {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]testCode{}
	for _, path := range files {
		text, err := os.ReadFile(path) //nolint:gosec // of this tree
		if err != nil {
			t.Fatal(err)
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && isTest(f) {
				own := text[set.Position(f.Pos()).Offset:set.Position(f.End()).Offset]
				tests[f.Name.Name] = testCode{string(own), string(text), alwaysSkipped(f)}
			}
		}
	}
	return tests
}

// alwaysSkipped reports whether a test's own body, and no branch of it, skips,
// or whether there is nothing in it.
func alwaysSkipped(f *ast.FuncDecl) bool {
	for _, statement := range f.Body.List {
		expression, ok := statement.(*ast.ExprStmt)
		if !ok {
			continue
		}
		call, ok := expression.X.(*ast.CallExpr)
		if !ok {
			continue
		}
		if of, ok := call.Fun.(*ast.SelectorExpr); ok && strings.HasPrefix(of.Sel.Name, "Skip") {
			return true
		}
	}
	return len(f.Body.List) == 0
}

// A page that holds nothing is found, whatever it lacks.
func TestAPageOfIncidentsThatHoldsNothingIsFound(t *testing.T) {
	t.Parallel()
	all := map[string]string{"1": "FM-001 C-2"}
	find := func(folder, name string) (testCode, bool) {
		tests := map[string]testCode{
			"a.TestFM001_X": {}, "a.TestX": {}, "b/c.TestC_2_X": {}, "a.TestFM001_Off": {skipped: true}, "a.TestTable": {file: `"C-2, a case": {},`},
		}
		code, there := tests[folder+"."+name]
		return code, there
	}
	row := func(ids, held string) string {
		return "# x\n\n## 1. A class\n\n| Id | a | b | Held by |\n| --- | --- | --- | --- |\n| " + ids + " | a | b | " + held + " |\n"
	}
	for page, faulty := range map[string]bool{
		row("FM-001, C-2", "`a.TestFM001_X`, `b/c.TestC_2_X`"):                    false,
		row("FM-001, C-2", "`a.TestFM001_X`, `a.TestTable/C-2`"):                  false,
		row("FM-001, C-2", "`a.TestFM001_X`, `a.TestTable/C-3`"):                  true,
		row("FM-001, C-2", "`a.TestFM001_X`"):                                     true,
		row("FM-001", "`a.TestFM001_X`"):                                          true,
		row("FM-001, C-2, C-3", "`a.TestFM001_X`, `b/c.TestC_2_X`"):               true,
		row("FM-001, C-2", "`a.TestFM001_X`, `b/c.TestC_2_X`, `a.TestNone`"):      true,
		row("FM-001, C-2", "`a.TestFM001_X`, `b/c.TestC_2_X`, `TestX`"):           true,
		row("FM-001, C-2", "`a.TestFM001_X`, `b/c.TestC_2_X`, `a.TestFM001_Off`"): true,
		row("FM-001, C-2", "all of them"):                                         true,
		"# x\n":                                                                   true,
	} {
		if faults := incidentFaults(page, all, find); (len(faults) > 0) != faulty {
			t.Errorf("%s\nfaults: %v", page, faults)
		}
	}
}

// A test that skips itself in its own body is no test; one that does in a
// branch is.
func TestAlwaysSkippedIsTold(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{ // bodies that are parsed and never run
		`t.Skip("x")`: true, `t.Parallel(); t.Skipf("x")`: true, ``: true, `if true { t.Skip("x") }`: false, `run(t)`: false, `x := t.Skip; _ = x`: false,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "a_test.go", "package a\nfunc TestX(t *testing.T) { "+body+" }\n", parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if got := alwaysSkipped(file.Decls[0].(*ast.FuncDecl)); got != want {
			t.Errorf("%s: %t, want %t", body, got, want)
		}
	}
}
