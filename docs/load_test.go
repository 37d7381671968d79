package docs_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/docs"
)

// TestLoadPicturesDrift holds the pictures to the results that are kept: none is
// missing, old, or of a result that is gone.
func TestLoadPicturesDrift(t *testing.T) {
	t.Parallel()
	drawn, err := docs.LoadDrawings()
	if err != nil || len(drawn) == 0 {
		t.Fatalf("%d pictures: %v", len(drawn), err)
	}
	want, got := map[string]string{}, map[string]string{}
	for name, picture := range drawn {
		want[name] = string(picture)
	}
	files, err := os.ReadDir(filepath.Join("..", docs.LoadPictures))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join("..", docs.LoadPictures, file.Name()))
		if err != nil {
			t.Fatal(err)
		}
		got[file.Name()] = string(text)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s is not what the results say: %s (-results +folder):\n%.2000s", docs.LoadPictures, docs.Command, diff)
	}
}
