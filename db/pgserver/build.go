package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// findBuilt compiles pgvector from the source package of the next release of
// this distribution and installs it beside the distribution's own PostgreSQL.
// The machine's package sources stay as they are.
func (a *apt) findBuilt(ctx context.Context, opts Options) (Binaries, error) {
	if err := a.prepare(ctx, opts); err != nil {
		return Binaries{}, err
	}
	sources, err := nextReleaseSources("/etc")
	if err != nil {
		return Binaries{}, err
	}
	out, err := run(ctx, "", "apt-cache", "search", "--names-only", `^postgresql-[0-9]+$`)
	if err != nil {
		return Binaries{}, err
	}
	majors := packageMajors(out)
	if len(majors) == 0 {
		return Binaries{}, fmt.Errorf("this release has no PostgreSQL %d or newer", minMajor)
	}
	major := chooseMajor(majors, dataMajor(opts.Dir))
	dir, err := os.MkdirTemp("", "pgvector-")
	if err != nil {
		return Binaries{}, fmt.Errorf("make a folder to build in: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := a.fetch(ctx, opts, dir, sources); err != nil {
		return Binaries{}, err
	}
	if err := a.compile(ctx, opts, dir, major); err != nil {
		return Binaries{}, err
	}
	return inspect(ctx, debianBinDir(major))
}

// fetch downloads and unpacks the source into dir/src. apt checks signatures
// and sums; it is given its own source list, lists and cache.
func (a *apt) fetch(ctx context.Context, opts Options, dir, sources string) error {
	list := filepath.Join(dir, "next.sources")
	if err := os.WriteFile(list, []byte(sources), 0o644); err != nil {
		return explainWrite(dir, err)
	}
	for _, sub := range []string{"parts", "lists/partial", "cache/archives/partial", "src"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return explainWrite(dir, err)
		}
	}
	aptGet := []string{"apt-get", "-q",
		"-o", "Dir::Etc::sourcelist=" + list,
		"-o", "Dir::Etc::sourceparts=" + filepath.Join(dir, "parts"),
		"-o", "Dir::State::lists=" + filepath.Join(dir, "lists"),
		"-o", "Dir::Cache=" + filepath.Join(dir, "cache"),
		"-o", "APT::Sandbox::User=root", // the folder is ours alone; only matters when we are root
	}
	opts.logf("downloading the source of pgvector from %s", field(sources, "Suites"))
	if _, err := run(ctx, dir, append(aptGet, "update")...); err != nil {
		return err
	}
	if _, err := run(ctx, dir, append(aptGet, "source", "--download-only", "pgvector")...); err != nil {
		return err
	}
	tars, _ := filepath.Glob(filepath.Join(dir, "pgvector_*.orig.tar.*"))
	if len(tars) != 1 {
		return errors.New("the source package of pgvector holds no original archive")
	}
	_, err := run(ctx, dir, "tar", "-xf", tars[0], "-C", filepath.Join(dir, "src"), "--strip-components=1")
	return err
}

// compile builds without instructions particular to this processor: a cluster
// may move to another machine with its container or disk.
func (a *apt) compile(ctx context.Context, opts Options, dir string, major int) error {
	packages := []string{fmt.Sprintf("postgresql-%d", major), fmt.Sprintf("postgresql-server-dev-%d", major), "gcc", "libc6-dev", "make"}
	if err := a.install(ctx, opts, packages...); err != nil {
		return err
	}
	src := filepath.Join(dir, "src")
	settings := []string{"OPTFLAGS=", "PG_CONFIG=" + filepath.Join(debianBinDir(major), "pg_config")}
	opts.logf("building pgvector for PostgreSQL %d", major)
	if _, err := run(ctx, src, append([]string{"make", "-s"}, settings...)...); err != nil {
		return err
	}
	opts.logf("installing pgvector into the folders of PostgreSQL %d", major)
	_, err := a.asRoot(ctx, append([]string{"make", "-s", "-C", src, "install"}, settings...)...)
	return err
}

// nextReleases names, for releases without a fitting pgvector, the one whose
// source package to build.
var nextReleases = map[string]string{
	"bullseye": "trixie",
	"bookworm": "trixie",
	"jammy":    "resolute",
	"noble":    "resolute",
}

// nextReleaseSources writes apt sources for the source packages of the next
// release, out of the machine's own lists under etc: same mirror, same
// components, same keys.
func nextReleaseSources(etc string) (string, error) {
	release, err := os.ReadFile(filepath.Join(etc, "os-release"))
	if err != nil {
		return "", fmt.Errorf("read the system's release: %w", err)
	}
	codename := osField(string(release), "VERSION_CODENAME")
	next, ok := nextReleases[codename]
	if !ok {
		return "", fmt.Errorf("no newer release to take the source of pgvector from is known for %q", codename)
	}
	entries, err := readSources(filepath.Join(etc, "apt"))
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, e := range entries {
		if e.offers(codename) {
			b.WriteString(e.sourceStanza(next) + "\n")
		}
	}
	if b.Len() == 0 {
		return "", fmt.Errorf("the machine's package sources name no mirror of %s", codename)
	}
	return b.String(), nil
}

// osField reads one KEY=value of os-release.
func osField(text, key string) string {
	for line := range strings.Lines(text) {
		k, v, ok := strings.Cut(strings.TrimSpace(line), "=")
		if ok && k == key {
			return strings.Trim(v, `"'`)
		}
	}
	return ""
}
