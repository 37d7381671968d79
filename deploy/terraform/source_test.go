package terraform_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// source is every file of a root or module, as one text.
func source(t *testing.T, pattern string) string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: no files, %v", pattern, err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file) //nolint:gosec // our own source
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

// TestNothingAsksAWS: a data source would need an account, and a policy that is
// no jsonencode could not be read in a plan.
func TestNothingAsksAWS(t *testing.T) {
	t.Parallel()
	dirs := []string{"bootstrap", "account", "environment", "modules/*"}
	for _, dir := range dirs {
		text := source(t, dir+"/*.tf")
		for fault, pattern := range map[string]string{
			"a data source": `(?m)^\s*data\s+"`, "a text in place of jsonencode": `<<-?[A-Z]`, "a provisioner": `(?m)^\s*provisioner\s+"`,
			"a policy that is not jsonencode": `(?m)^\s*(assume_role_)?policy\s*=\s*[^jlv{\s]`,
		} {
			if found := regexp.MustCompile(pattern).FindString(text); found != "" {
				t.Errorf("%s: %s: %q", dir, fault, found)
			}
		}
	}
}

// TestEveryRuleOfAVariableIsTried: each variable of a root with a validation is
// among those that a test expects to refuse.
func TestEveryRuleOfAVariableIsTried(t *testing.T) {
	t.Parallel()
	variable := regexp.MustCompile(`(?ms)^variable "(\w+)" \{\n(.*?)^\}`)
	for root, fewest := range map[string]int{"bootstrap": 1, "account": 5, "environment": 20, "modules/bucket": 1, "modules/task": 1, "modules/service": 1, "modules/guard": 1} {
		tests := source(t, root+"/tests/*.tftest.hcl")
		var tried []string
		for _, block := range regexp.MustCompile(`(?s)expect_failures = \[(.*?)\]`).FindAllStringSubmatch(tests, -1) {
			tried = append(tried, regexp.MustCompile(`var\.\w+`).FindAllString(block[1], -1)...)
		}
		ruled := 0
		for _, found := range variable.FindAllStringSubmatch(source(t, root+"/*.tf"), -1) {
			if !strings.Contains(found[2], "validation {") {
				continue
			}
			if ruled++; !slices.Contains(tried, "var."+found[1]) {
				t.Errorf("%s: no test breaks the rule of %s", root, found[1])
			}
		}
		if ruled < fewest {
			t.Errorf("%s: %d variables with rules were found", root, ruled)
		}
	}
}
