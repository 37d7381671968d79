package pgserver

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// etc writes a small /etc with the given files.
func etc(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const bookworm = "ID=debian\nVERSION_CODENAME=bookworm\n"

func TestNextReleaseSources(t *testing.T) {
	t.Parallel()
	stanzas := `Types: deb
# a comment
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/a.gpg

Types: deb
URIs: http://mirror.example/security
Suites: bookworm-security
Components: main

Types: deb
Enabled: no
URIs: http://old.example/debian
Suites: bookworm
Components: main
`
	for _, tc := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"stanzas", map[string]string{"os-release": bookworm, "apt/sources.list.d/debian.sources": stanzas},
			"Types: deb-src\nURIs: http://mirror.example/debian\nSuites: trixie\nComponents: main contrib\nSigned-By: /usr/share/keyrings/a.gpg\n\n"},
		{"lines", map[string]string{"os-release": "VERSION_CODENAME=\"noble\"\n", "apt/sources.list": "# deb http://no.example/ubuntu noble main\n" +
			"deb [arch=amd64 signed-by=/k.gpg] http://m.example/ubuntu noble main universe # mine\ndeb http://m.example/ubuntu noble-security main\n"},
			"Types: deb-src\nURIs: http://m.example/ubuntu\nSuites: resolute\nComponents: main universe\nSigned-By: /k.gpg\n\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := nextReleaseSources(etc(t, tc.files))
			if err != nil || got != tc.want {
				t.Errorf("%v\n%s", err, cmp.Diff(tc.want, got))
			}
		})
	}
}

func TestNextReleaseSourcesRefuses(t *testing.T) {
	t.Parallel()
	for want, files := range map[string]map[string]string{
		"read the system's release": {},
		`is known for "sid"`:        {"os-release": "VERSION_CODENAME=sid\n"},
		"holds no package sources":  {"os-release": bookworm},
		"name no mirror":            {"os-release": bookworm, "apt/sources.list": "deb http://m.example/x other main\n"},
	} {
		if _, err := nextReleaseSources(etc(t, files)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestPackageMajors(t *testing.T) {
	t.Parallel()
	search := "postgresql-13 - old\npostgresql-15 - server\npostgresql-17-pgvector - vectors\npostgresql-common - no\n"
	if got, want := packageMajors(search), []int{17, 15}; !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
	if got := chooseMajor([]int{99, 98}, 98); got != 98 {
		t.Errorf("data of 98: chose %d", got)
	}
	if got := chooseMajor([]int{99, 98}, 0); got != 99 {
		t.Errorf("nothing installed: chose %d, want the newest", got)
	}
}
