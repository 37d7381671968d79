package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

const (
	minMajor  = 15    // the schema uses what PostgreSQL 15 brought
	minVector = "0.7" // halfvec and its indexes
)

// NotFoundError says that no PostgreSQL with pgvector could be had. Its text
// ends with what to type.
type NotFoundError struct {
	// Reasons holds one line a way that was tried.
	Reasons []string
	// GOOS is the operating system the advice is for.
	GOOS string
}

func (e *NotFoundError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "no PostgreSQL %d or newer with pgvector %s or newer was found", minMajor, minVector)
	for _, r := range e.Reasons {
		b.WriteString("\n  - " + r)
	}
	return b.String() + "\n" + InstallAdvice(e.GOOS)
}

// finder is one way to come by PostgreSQL.
type finder struct {
	name string
	find func(context.Context, Options) (Binaries, error)
}

// Find returns the first usable PostgreSQL: local programs, then (where
// opts.AllowInstall) the distribution's packages, then pgvector built from the
// next release's source package, then (where opts.AllowDocker) a container.
// The error is a *NotFoundError when every way failed.
func Find(ctx context.Context, opts Options) (Binaries, error) {
	return firstOf(ctx, opts, ways(opts))
}

// ways lists the finders in order. A cluster that already lives in a container
// stays there: looking for packages again would only cost time.
func ways(opts Options) []finder {
	container := finder{"Docker", findDocker}
	if opts.Dir != "" && (state{dir: opts.Dir}).usesContainer() {
		return []finder{container}
	}
	list := []finder{{"local programs", findLocal}}
	if opts.AllowInstall {
		a := &apt{}
		list = append(list, finder{"the distribution's packages", a.findPackaged}, finder{"building pgvector", a.findBuilt})
	}
	if opts.AllowDocker {
		list = append(list, container)
	}
	return list
}

func firstOf(ctx context.Context, opts Options, list []finder) (Binaries, error) {
	missing := &NotFoundError{GOOS: runtime.GOOS}
	for _, f := range list {
		b, err := f.find(ctx, opts)
		if err == nil {
			return b, nil
		}
		if ctx.Err() != nil {
			return Binaries{}, fmt.Errorf("look for PostgreSQL: %w", ctx.Err())
		}
		missing.Reasons = append(missing.Reasons, f.name+": "+oneLine(err.Error()))
	}
	return Binaries{}, missing
}

// findLocal takes the first usable installation, preferring the major version
// that an existing data directory was made with.
func findLocal(ctx context.Context, opts Options) (Binaries, error) {
	var usable []Binaries
	var refused []string
	for _, dir := range binDirs(ctx) {
		b, err := inspect(ctx, dir)
		if err != nil {
			refused = append(refused, err.Error())
			continue
		}
		usable = append(usable, b)
	}
	if len(usable) == 0 {
		if len(refused) == 0 {
			return Binaries{}, errors.New("no PostgreSQL server is installed")
		}
		return Binaries{}, errors.New(strings.Join(refused, "; "))
	}
	return prefer(usable, dataMajor(opts.Dir)), nil
}

func prefer(usable []Binaries, major int) Binaries {
	for _, b := range usable {
		if b.Major == major {
			return b
		}
	}
	return usable[0]
}

// dataMajor is the version that made the data under dir, or 0.
func dataMajor(dir string) int {
	if dir == "" {
		return 0
	}
	home := state{dir: dir}.home()
	if home == "" {
		return 0
	}
	b, err := os.ReadFile(filepath.Join(home, "data", "PG_VERSION"))
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(strings.TrimSpace(string(b)))
	return n
}

// installPatterns are the folders that packages for Linux and macOS use.
var installPatterns = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/opt/homebrew/opt/postgresql@*/bin",
	"/usr/local/opt/postgresql@*/bin",
	"/opt/homebrew/opt/postgresql/bin",
	"/usr/local/opt/postgresql/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin",
}

// binDirs lists candidate folders: what pg_config on the PATH names first,
// then the known places, newest version first within each.
func binDirs(ctx context.Context) []string {
	var dirs []string
	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	for _, pattern := range installPatterns {
		found, _ := filepath.Glob(pattern)
		slices.SortFunc(found, func(a, b string) int { return majorIn(b) - majorIn(a) })
		dirs = append(dirs, found...)
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(dirs, func(d string) bool {
		dup := seen[d]
		seen[d] = true
		return dup
	})
}

var firstNumber = regexp.MustCompile(`\d+`)

func majorIn(text string) int {
	n, _ := strconv.Atoi(firstNumber.FindString(text))
	return n
}

// inspect tells whether the programs in dir can serve us.
func inspect(ctx context.Context, dir string) (Binaries, error) {
	for _, name := range []string{"initdb", "pg_ctl", "postgres"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return Binaries{}, fmt.Errorf("%s has no %s", dir, name)
		}
	}
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "pg_config"), "--version", "--sharedir").Output()
	if err != nil {
		return Binaries{}, fmt.Errorf("%s has no working pg_config", dir)
	}
	version, share, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	major := majorIn(version)
	if major < minMajor {
		return Binaries{}, fmt.Errorf("PostgreSQL %d in %s is older than %d", major, dir, minMajor)
	}
	vector, err := vectorVersion(filepath.Join(share, "extension", "vector.control"))
	if err != nil {
		return Binaries{}, fmt.Errorf("PostgreSQL %d in %s %w", major, dir, err)
	}
	return Binaries{BinDir: dir, Major: major, Vector: vector}, nil
}

var defaultVersion = regexp.MustCompile(`(?m)^\s*default_version\s*=\s*'([0-9.]+)'`)

func vectorVersion(control string) (string, error) {
	text, err := os.ReadFile(control)
	if err != nil {
		return "", errors.New("has no pgvector")
	}
	m := defaultVersion.FindSubmatch(text)
	if m == nil || !atLeast(string(m[1]), minVector) {
		return "", fmt.Errorf("has a pgvector older than %s", minVector)
	}
	return string(m[1]), nil
}

// atLeast compares dotted version numbers by their numeric parts; a suffix
// such as Debian's revision does not count.
func atLeast(version, least string) bool {
	return slices.Compare(numbers(version), numbers(least)) >= 0
}

func numbers(version string) []int {
	version, _, _ = strings.Cut(version, "-")
	var list []int
	for part := range strings.SplitSeq(version, ".") {
		list = append(list, majorIn(part))
	}
	return list
}

// oneLine folds a message of several lines into one.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
