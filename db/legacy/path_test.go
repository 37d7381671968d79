package legacy_test

import (
	"testing"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/db/legacy"
)

func TestBothSpellingsOfAPathAreOne(t *testing.T) {
	t.Parallel()
	const user = "aaaaaaaa-0000-4000-8000-000000000001"
	id, err := core.ParseID(user)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]legacy.Path{
		"files/user/" + user + "/raw/1.pdf":           {Bucket: "files", Key: "user/" + user + "/raw/1.pdf"},
		"storage://files/user/" + user + "/raw/1.pdf": {Bucket: "files", Key: "user/" + user + "/raw/1.pdf"},
		"user/" + user + "/raw/1.pdf":                 {Bucket: "files", Key: "user/" + user + "/raw/1.pdf"},
		"storage://raw/" + user + "/1.pdf":            {Bucket: "raw", Key: user + "/1.pdf"},
	} {
		if got, ok := legacy.ParsePath(text); !ok || got != want || !got.Belongs(id) || got.Belongs(core.ID{}) {
			t.Errorf("%q is %+v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "files", "files/", "storage://", "other/user/x/1.pdf", "files/user/../x", "files//x", "https://h/files/x"} {
		if got, ok := legacy.ParsePath(text); ok {
			t.Errorf("%q is taken for %+v", text, got)
		}
	}
}
