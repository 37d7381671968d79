package bench

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/pdftext"
)

// The files must be what the front door takes: a PDF with its count of pages,
// whatever number stands in it.
func TestPaddedFilesAreTakenForWhatTheyAre(t *testing.T) {
	t.Parallel()
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	engine, err := pdftext.Load(t.Context(), pdftext.DefaultPath(), pdftext.WithCache(filepath.Join(cache, "navigator", "wazero")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(t.Context()) })
	large := paddedPDF(3, 7, 1<<20)
	if len(large) != 1<<20 {
		t.Errorf("the padded file has %d bytes, want %d", len(large), 1<<20)
	}
	head, rest := numbered(large, 143)
	for name, file := range map[string][]byte{"small": paddedPDF(3, 7, 0), "large": large, "numbered": append(head, rest...)} {
		found, err := engine.Inspect(t.Context(), bytes.NewReader(file), int64(len(file)))
		if err != nil || found.Type != pdftext.TypePDF || found.Pages != 3 {
			t.Errorf("%s: found %+v, %v", name, found, err)
		}
	}
	if len(head)+len(rest) != len(large) || bytes.Equal(append(head, rest...), large) {
		t.Error("another number must give another file of the same length")
	}
}

func TestPreparedTextBelongsToItsDocument(t *testing.T) {
	t.Parallel()
	m := profile{documents: 12, pages: 2}.material()
	file := m.file(11)
	pages, err := m.Pages(t.Context(), bytes.NewReader(file), int64(len(file)))
	if err != nil || len(pages) != 2 || pages[0] != m.texts[11][0] || pages[0].Text == m.texts[10][0].Text {
		t.Errorf("document 11 reads as another: %v", err)
	}
	if _, err := m.Pages(t.Context(), bytes.NewReader([]byte("%PDF-1.7\n")), 9); err == nil {
		t.Error("a file without a number was read")
	}
}

func TestPercentileIsTheNearestRank(t *testing.T) {
	t.Parallel()
	var s sample
	for i := 20; i > 0; i-- {
		s = append(s, time.Duration(i)*time.Millisecond)
	}
	for p, want := range map[int]float64{50: 10, 95: 19, 100: 20, 1: 1} {
		if got := s.percentile(p); got != want {
			t.Errorf("p%d is %v, want %v", p, got, want)
		}
	}
	if got := (sample{}).percentile(50); got != 0 {
		t.Errorf("p50 of nothing is %v", got)
	}
}

// What the storage's stand-in throws away it must have counted, and it must
// leave the rest to the storage.
func TestDiscardedFilesKeepTheirSize(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(discarding(http.NotFoundHandler()))
	t.Cleanup(server.Close)
	object := server.URL + "/storage/v1/object/"
	for size, want := range map[int]int{2 << 20: http.StatusOK, 100: http.StatusNotFound} {
		response, err := http.Post(object+"bucket/key", pdftext.TypePDF, bytes.NewReader(noise(size)))
		if err != nil || response.StatusCode != want {
			t.Fatalf("%d bytes: %v, %v", size, response.Status, err)
		}
		_ = response.Body.Close()
	}
	response, err := http.Get(object + "info/bucket/key")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var info struct {
		Size int64 `json:"size"`
	}
	if err := json.NewDecoder(response.Body).Decode(&info); err != nil || info.Size != 2<<20 {
		t.Errorf("the object's size is %d: %v", info.Size, err)
	}
}
