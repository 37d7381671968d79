package boot_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// events lists a document's statuses in the order they were reached.
func (w *world) events(id string) (list []core.Status) {
	w.t.Helper()
	rows, err := w.db.SuperConn().Query(w.t.Context(), `select status from upload_pipeline.events where document_id = $1 order by event_id`, id)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var s core.Status
		if err := rows.Scan(&s); err != nil {
			w.t.Fatal(err)
		}
		list = append(list, s)
	}
	return list
}

func TestAnInsurancePDFGoesFromUploadToAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(boot.Dev)
	ada := w.person("ada")
	paper := corpus.Summary()
	id := ada.taken(paper.Name, paper.Bytes)
	last := ada.completes(id)
	if last.Progress != 100 || last.Chunks.Total == 0 || last.Chunks.Done != last.Chunks.Total || last.Pages != paper.Pages {
		t.Errorf("the complete document stands at %+v", last)
	}
	if diff := cmp.Diff(core.Way(), w.events(id)); diff != "" {
		t.Errorf("the events are not the ten statuses in order:\n%s", diff)
	}
	found := ada.search("what is my deductible?", 3)
	if len(found) == 0 || found[0].DocumentID != id || found[0].Filename != paper.Name {
		t.Errorf("the search found %+v", found)
	}
}
