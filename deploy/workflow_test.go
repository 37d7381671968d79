package deploy_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestTheWorkflowIsPinned: what runs with our cloud's credentials is named by a
// commit, takes no more rights than it says, and no input of a person stands in
// a script.
func TestTheWorkflowIsPinned(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../.github/workflows/deploy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	uses := regexp.MustCompile(`uses: (\S+)(.*)`).FindAllStringSubmatch(string(text), -1)
	pinned := regexp.MustCompile(`^[\w-]+/[\w-]+@[0-9a-f]{40}$`)
	for _, use := range uses {
		if !pinned.MatchString(use[1]) || !regexp.MustCompile(`^ # v\d+\.\d+\.\d+$`).MatchString(use[2]) {
			t.Errorf("not pinned by a commit, with its version behind: %s", use[0])
		}
	}
	if len(uses) != 6 || strings.Count(string(text), "id-token: write") != 2 || !strings.Contains(string(text), "\npermissions: {}\n") || strings.Contains(string(text), "aws-access-key-id") {
		t.Error("other actions, or other rights, than were looked at")
	}
	for _, script := range regexp.MustCompile(`(?s)run: \|\n(.*?)(\n\n|\z)`).FindAllStringSubmatch(string(text), -1) {
		if strings.Contains(script[1], "${{") {
			t.Errorf("an expression stands in a script:\n%s", script[1])
		}
	}
}

// TestTheTargetsOfAReleaseAreThere: what the workflow and the runbooks type is
// what the Makefile has, and names the program that there is.
func TestTheTargetsOfAReleaseAreThere(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]string{
		"release":  "bin/navigator-rollout -place 'p.json' -email 'a@example.com' -watch=1m '1a2b3c4d5e6f'",
		"rollback": "bin/navigator-rollout -place 'p.json' -email 'a@example.com' -watch=1m -back",
	} {
		out, err := exec.CommandContext(t.Context(), "make", "-C", "..", "-n", target, "PLACE=p.json", "EMAIL=a@example.com", "RELEASE=1a2b3c4d5e6f", "ARGS=-watch=1m").CombinedOutput()
		if err != nil || !strings.Contains(string(out), want) || !strings.Contains(string(out), "./cmd/navigator ./deploy/rollout/navigator-rollout") {
			t.Errorf("%v\n%s", err, out)
		}
	}
}
