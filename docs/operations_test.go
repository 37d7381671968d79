package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// page reads a file of the repository.
func page(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", path)) //nolint:gosec // of this tree
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// made finds calls of make on a page: lines of a block, after a variable or
// none, and code in a line.
var made = regexp.MustCompile("(?m)(?:^|`)(?:[A-Z_]+=\\S+ )*make ([a-z0-9-]+)")

// What a page tells people to make is a target.
func TestPagesNameTargetsOfMake(t *testing.T) {
	t.Parallel()
	targets := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^([a-z0-9-]+):`).FindAllStringSubmatch(page(t, "Makefile"), -1) {
		targets[m[1]] = true
	}
	pages := []string{"README.md"}
	for _, pattern := range []string{"*.md", "runbooks/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range found {
			pages = append(pages, "docs/"+name)
		}
	}
	named := 0
	for _, name := range pages {
		for _, m := range made.FindAllStringSubmatch(page(t, name), -1) {
			named++
			if !targets[m[1]] {
				t.Errorf("%s: make has no target %s", name, m[1])
			}
		}
	}
	if named < 50 {
		t.Errorf("only %d targets were found", named)
	}
}

// Every secret that Terraform makes has its row: who gets it, and how it is
// changed.
func TestEverySecretHasItsRow(t *testing.T) {
	t.Parallel()
	platform := page(t, "docs/platform.md")
	secrets := regexp.MustCompile(`([a-z-]+) += \{ setting = "`).FindAllStringSubmatch(page(t, "deploy/terraform/environment/secrets.tf"), -1)
	for _, secret := range secrets {
		row := regexp.MustCompile("(?m)^\\| [^|]*`" + secret[1] + "`[^|]* \\| [^|]{3,} \\| [^|]{10,} \\|$")
		if !row.MatchString(platform) {
			t.Errorf("docs/platform.md does not say who gets %s, and how it is changed", secret[1])
		}
	}
	if len(secrets) < 15 {
		t.Errorf("only %d secrets were found", len(secrets))
	}
}

// The connections that the page adds up are those of production's files.
func TestConnectionsAreAddedUp(t *testing.T) {
	t.Parallel()
	number := func(text, pattern string) int {
		t.Helper()
		m := regexp.MustCompile(pattern).FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("%s is not found", pattern)
		}
		n, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	each := number(page(t, "deploy/terraform/environment/env/production.tfvars"), `DATABASE_MAX_CONNS = "(\d+)"`)
	defaults := page(t, "deploy/terraform/environment/variables.tf")
	tasks := map[string]int{}
	for _, name := range []string{"api", "worker", "webhook"} {
		tasks[name] = number(defaults, name+` += \{ cpu = \d+, memory = \d+, min = (\d+)`)
	}
	const riverUI, release = 4, 3
	workers := tasks["worker"] * (each + 1)
	all := (tasks["api"]+tasks["webhook"])*each + workers + riverUI + release
	login := tasks["webhook"]*each + 2*workers
	for _, want := range []string{
		fmt.Sprintf("That is %d, and %d while a release", all, all+workers),
		fmt.Sprintf("`inav_worker` alone then has %d", login),
	} {
		if !strings.Contains(page(t, "docs/platform.md"), want) {
			t.Errorf("docs/platform.md does not say %q", want)
		}
	}
	if want := fmt.Sprintf("%d connections, %d within a release", all, all+workers); !strings.Contains(page(t, "docs/operations.md"), want) {
		t.Errorf("docs/operations.md does not say %q", want)
	}
}
