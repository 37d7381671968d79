package core_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/core"
)

// planted is one value of each family that the repository's own rules are for.
// They are put together here, so that the scan does not find this file.
func planted() map[string]string {
	const word = "aB3dE5gH7jK9mN1pQ3sT5vW7"
	body := strings.Repeat("MIIEvQIBADANBgkqhkiG9w0B\n", 4)
	return map[string]string{
		"llamacloud-key":      "llx" + "-" + word,
		"navigator-api-key":   core.NewAPIKey(),
		"supabase-secret-key": "sb_" + "secret_" + word,
		"openai-style-key":    "sk" + "-proj-" + word,
		"any-private-key":     "-----BEGIN " + "PRIVATE KEY-----\n" + body + "-----END " + "PRIVATE KEY-----",
		"postgres-password":   "postgres" + "://someone:" + word + "@db.internal.corp/x",
	}
}

// The scan of .gitleaks.toml has a rule for each family, and it bites; make
// secrets plants the same before the scanner itself.
func TestS36_TheSecretsScanKnowsEachFamily(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../.gitleaks.toml")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?s)\[\[rules\]\]\nid = "([^"]+)"\n.*?\nregex = '''(.*?)'''`).FindAllStringSubmatch(string(text), -1)
	rules := map[string]*regexp.Regexp{}
	for _, rule := range found {
		rules[rule[1]] = regexp.MustCompile(rule[2])
	}
	for family, value := range planted() {
		rule := rules[family]
		if rule == nil || !rule.MatchString("key = '"+value+"'") {
			t.Errorf("a planted %s is not found", family)
			continue
		}
		if rule.MatchString("key = 'not a secret at all, and long enough'") {
			t.Errorf("the rule %s finds everything", family)
		}
		delete(rules, family)
	}
	for id := range rules {
		t.Errorf("nothing is planted for the rule %s", id)
	}
}
