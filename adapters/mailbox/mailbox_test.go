package mailbox_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/adapters/mailbox"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

func TestAMailIsKeptAndShown(t *testing.T) {
	t.Parallel()
	folder, shown := filepath.Join(t.TempDir(), "mails"), &bytes.Buffer{}
	box, err := mailbox.New(folder, shown)
	if err != nil {
		t.Fatal(err)
	}
	mail := ports.Mail{ID: "0198f1b5", To: "ada@example.org", Subject: "Set a new password", Text: "http://localhost/x?code=1\n"}
	if err := box.Send(t.Context(), mail); err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile(filepath.Join(folder, "0198f1b5.eml"))
	if want := "To: ada@example.org\nSubject: Set a new password\n\nhttp://localhost/x?code=1\n"; err != nil || string(kept) != want {
		t.Errorf("kept %q, %v", kept, err)
	}
	if !strings.Contains(shown.String(), "code=1") {
		t.Errorf("shown %q", shown)
	}
	for path, want := range map[string]os.FileMode{folder: 0o700, filepath.Join(folder, "0198f1b5.eml"): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{"send": box.Send(t.Context(), mail), "healthy": box.Healthy(t.Context())} {
		if !core.HasCode(err, core.CodeMailUnavailable) {
			t.Errorf("%s without the folder: %v", what, err)
		}
	}
}
