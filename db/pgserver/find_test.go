package pgserver

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFirstOfTakesFindersInOrder(t *testing.T) {
	t.Parallel()
	no := func(name string) finder {
		return finder{name, func(context.Context, Options) (Binaries, error) { return Binaries{}, errors.New("no " + name) }}
	}
	yes := func(name string) finder {
		return finder{name, func(context.Context, Options) (Binaries, error) { return Binaries{BinDir: name}, nil }}
	}
	for _, tc := range []struct {
		name    string
		list    []finder
		want    string
		reasons []string
	}{
		{"local first", []finder{yes("local"), yes("apt"), yes("docker")}, "local", nil},
		{"packages next", []finder{no("local"), yes("apt"), yes("built")}, "apt", nil},
		{"built next", []finder{no("local"), no("apt"), yes("built"), yes("docker")}, "built", nil},
		{"docker last", []finder{no("local"), no("apt"), no("built"), yes("docker")}, "docker", nil},
		{"nothing", []finder{no("local"), no("docker")}, "", []string{"local: no local", "docker: no docker"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := firstOf(context.Background(), Options{}, tc.list)
			var missing *NotFoundError
			if errors.As(err, &missing) != (tc.want == "") {
				t.Fatalf("error %v, want one only when nothing is found", err)
			}
			if got.BinDir != tc.want {
				t.Errorf("found %q, want %q", got.BinDir, tc.want)
			}
			if missing != nil && !cmp.Equal(missing.Reasons, tc.reasons) {
				t.Error(cmp.Diff(tc.reasons, missing.Reasons))
			}
		})
	}
}

func TestWaysFollowThePermissions(t *testing.T) {
	t.Parallel()
	contained := t.TempDir()
	if err := (state{dir: contained}).write(fileContainer, "x"); err != nil {
		t.Fatal(err)
	}
	const local, packages, built, docker = "local programs", "the distribution's packages", "building pgvector", "Docker"
	for _, tc := range []struct {
		opts Options
		want []string
	}{
		{Options{}, []string{local}},
		{Options{AllowDocker: true}, []string{local, docker}},
		{Options{AllowInstall: true}, []string{local, packages, built}},
		{Options{AllowInstall: true, AllowDocker: true}, []string{local, packages, built, docker}},
		{Options{AllowInstall: true, AllowDocker: true, Dir: contained}, []string{docker}},
	} {
		var got []string
		for _, f := range ways(tc.opts) {
			got = append(got, f.name)
		}
		if !cmp.Equal(got, tc.want) {
			t.Errorf("%+v: %s", tc.opts, cmp.Diff(tc.want, got))
		}
	}
}

func TestInstallAdviceNamesEveryWay(t *testing.T) {
	t.Parallel()
	for goos, first := range map[string]string{"linux": "Debian", "darwin": "macOS", "windows": "Docker", "freebsd": "Docker"} {
		text := InstallAdvice(goos)
		for _, want := range []string{
			"\nmacOS:\n    brew install postgresql@17 pgvector",
			"sudo apt-get install -y postgresql-17 postgresql-17-pgvector",
			"pgvector/pgvector:pg17",
			"127.0.0.1:5432:5432",
			"export DATABASE_URL='postgres://",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: advice lacks %q", goos, want)
			}
		}
		if _, ways, _ := strings.Cut(text, "\n"); !strings.HasPrefix(ways, first) {
			t.Errorf("%s: advice starts with %.20q, want %s", goos, ways, first)
		}
	}
	err := &NotFoundError{Reasons: []string{"local programs: none"}, GOOS: "darwin"}
	if !strings.Contains(err.Error(), "- local programs: none") || !strings.Contains(err.Error(), "brew install") {
		t.Errorf("the error hides reasons or advice: %v", err)
	}
}

func TestVectorVersion(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"comment = 'x'\ndefault_version = '0.8.0'\n": "0.8.0",
		"default_version='0.7.0'":                    "0.7.0",
		"default_version = '0.10.1'":                 "0.10.1",
		"default_version = '0.6.2'":                  "",
		"# nothing":                                  "",
	} {
		path := filepath.Join(t.TempDir(), "vector.control")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := vectorVersion(path)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
	if _, err := vectorVersion(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a missing control file counts as pgvector")
	}
}

func TestAtLeast(t *testing.T) {
	t.Parallel()
	for v, want := range map[string]bool{"0.7": true, "0.7.0-1+b1": true, "1.0": true, "0.6.9": false, "0.10": true, "": false} {
		if got := atLeast(v, "0.7"); got != want {
			t.Errorf("atLeast(%q, 0.7) = %v", v, got)
		}
	}
}

func TestPreferTheVersionThatMadeTheData(t *testing.T) {
	t.Parallel()
	list := []Binaries{{Major: 17}, {Major: 15}}
	for major, want := range map[int]int{0: 17, 15: 15, 16: 17} {
		if got := prefer(list, major).Major; got != want {
			t.Errorf("data of %d: took %d, want %d", major, got, want)
		}
	}
}
