package pgserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// apt gets PostgreSQL through Debian's and Ubuntu's package manager. One value
// serves one search, so that the package lists are fetched once.
type apt struct {
	updated bool
	elevate []string // the words before a command that needs root
}

var errNotRoot = errors.New("needs root, or sudo that asks no password")

// prepare finds out whether packages may be installed here and freshens the
// package lists.
func (a *apt) prepare(ctx context.Context, opts Options) error {
	if a.updated {
		return nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return errors.New("this system has no apt-get")
	}
	if os.Geteuid() != 0 {
		if err := exec.CommandContext(ctx, "sudo", "-n", "true").Run(); err != nil {
			return errNotRoot
		}
		a.elevate = []string{"sudo", "-n"}
	}
	opts.logf("no usable PostgreSQL with pgvector here: reading the package lists (apt-get update)")
	if _, err := a.asRoot(ctx, "apt-get", "update", "-q"); err != nil {
		return err
	}
	a.updated = true
	return nil
}

// asRoot runs a command as root without questions.
func (a *apt) asRoot(ctx context.Context, words ...string) (string, error) {
	all := slices.Concat(a.elevate, []string{"env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C"}, words)
	return run(ctx, "", all...)
}

// run returns what a command printed; its error carries the last lines.
func run(ctx context.Context, dir string, words ...string) (string, error) {
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Dir = dir
	cmd.WaitDelay = 5 * time.Second
	var out, all bytes.Buffer
	cmd.Stdout = &out
	cmd.Stderr = &all
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %s: %w", strings.Join(words, " "), oneLine(lastLines(all.String()+out.String(), 3)), err)
	}
	return out.String(), nil
}

// install adds packages without what they merely recommend.
func (a *apt) install(ctx context.Context, opts Options, packages ...string) error {
	opts.logf("installing with apt-get: %s", strings.Join(packages, " "))
	words := append([]string{"apt-get", "install", "-y", "-q", "--no-install-recommends"}, packages...)
	_, err := a.asRoot(ctx, words...)
	return err
}

// findPackaged installs the distribution's server and pgvector packages.
func (a *apt) findPackaged(ctx context.Context, opts Options) (Binaries, error) {
	if err := a.prepare(ctx, opts); err != nil {
		return Binaries{}, err
	}
	major, err := a.packagedMajor(ctx, opts)
	if err != nil {
		return Binaries{}, err
	}
	server := fmt.Sprintf("postgresql-%d", major)
	if err := a.install(ctx, opts, server, server+"-pgvector"); err != nil {
		return Binaries{}, err
	}
	return inspect(ctx, debianBinDir(major))
}

func debianBinDir(major int) string {
	return filepath.Join("/usr/lib/postgresql", strconv.Itoa(major), "bin")
}

// packagedMajor is the PostgreSQL version to install pgvector for: the one
// that made our data or is installed already, else the newest.
func (a *apt) packagedMajor(ctx context.Context, opts Options) (int, error) {
	out, err := run(ctx, "", "apt-cache", "search", "--names-only", `^postgresql-[0-9]+-pgvector$`)
	if err != nil {
		return 0, err
	}
	majors := packageMajors(out)
	if len(majors) == 0 {
		return 0, errors.New("this release has no package of pgvector")
	}
	major := chooseMajor(majors, dataMajor(opts.Dir))
	shown, err := run(ctx, "", "apt-cache", "show", "--no-all-versions", fmt.Sprintf("postgresql-%d-pgvector", major))
	if err != nil {
		return 0, err
	}
	if v := field(shown, "Version"); !atLeast(v, minVector) {
		return 0, fmt.Errorf("this release's pgvector is %s", v)
	}
	return major, nil
}

var packageName = regexp.MustCompile(`(?m)^postgresql-(\d+)(?:-pgvector)?\s`)

// packageMajors reads the usable versions out of apt-cache search, newest first.
func packageMajors(search string) []int {
	var majors []int
	for _, m := range packageName.FindAllStringSubmatch(search, -1) {
		if n, err := strconv.Atoi(m[1]); err == nil && n >= minMajor {
			majors = append(majors, n)
		}
	}
	slices.Sort(majors)
	slices.Reverse(majors)
	return slices.Compact(majors)
}

func chooseMajor(majors []int, data int) int {
	if slices.Contains(majors, data) {
		return data
	}
	for _, m := range majors {
		if _, err := os.Stat(filepath.Join(debianBinDir(m), "postgres")); err == nil {
			return m
		}
	}
	return majors[0]
}

// field reads one field of a control-file paragraph.
func field(paragraph, name string) string {
	for line := range strings.Lines(paragraph) {
		key, value, ok := strings.Cut(line, ":")
		if ok && strings.EqualFold(strings.TrimSpace(key), name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
