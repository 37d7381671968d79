package httpapi

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/insurance-navigator/navigator/core"
)

type deletionOutput struct{ Body DeletionReceipt }

// DeletionReceipt says how far a deletion is, and what was found afterwards.
type DeletionReceipt struct {
	DocumentID  string          `json:"document_id" format:"uuid"`
	Status      deletionStatus  `json:"status" doc:"deleting while something is to be removed yet, then deleted"`
	Reason      string          `json:"reason" enum:"owner,retention" doc:"Who wanted it: its owner, or the retention clock"`
	RequestedAt time.Time       `json:"requested_at" doc:"From then on nothing of the document could be found"`
	DoneAt      *time.Time      `json:"done_at" doc:"null while it is under way"`
	Residual    map[string]*int `json:"residual" nullable:"false" doc:"What was counted in each place after the removal: 0, or null where the place could not be asked. Empty while it is under way"`
}

// deletionStatus is how far a deletion is.
type deletionStatus string

const (
	deletionUnderWay deletionStatus = "deleting"
	deletionDone     deletionStatus = "deleted"
)

// Schema is the enum of both.
func (deletionStatus) Schema(r huma.Registry) *huma.Schema {
	return namedEnum(r, "DeletionStatus", []deletionStatus{deletionUnderWay, deletionDone})
}

// deletion answers the record of a deletion.
func (a *api) deletion(ctx context.Context, in *DocumentInput) (*deletionOutput, error) {
	id, err := in.document()
	if err != nil {
		return nil, err
	}
	d, err := a.Library.Deletion(ctx, callerOf(ctx), id)
	if err != nil {
		return nil, err
	}
	return &deletionOutput{Body: deletionBody(d)}, nil
}

func deletionBody(d core.Deletion) DeletionReceipt {
	body := DeletionReceipt{
		DocumentID: d.Document.String(), Status: deletionUnderWay, Reason: string(d.Reason), RequestedAt: d.RequestedAt.UTC(),
		Residual: map[string]*int{},
	}
	if d.Done() {
		at := d.DoneAt.UTC()
		body.Status, body.DoneAt = deletionDone, &at
	}
	for place, n := range d.Residual {
		body.Residual[string(place)] = n
	}
	return body
}

// exampleDeletion is the record of the examples' document.
func exampleDeletion() core.Deletion {
	d := core.Deletion{
		Document: exampleID(exampleDocument), Reason: core.ByOwner, RequestedAt: exampleTime(), DoneAt: exampleTime().Add(2 * time.Second),
		Residual: core.Residual{},
	}
	for _, place := range []core.Place{
		core.PlaceFile, core.PlaceCopies, core.PlaceSearch, core.PlaceUpload, core.PlaceIntent,
		"documents", "upload_jobs", "document_pages", "document_chunks", "reembed_faults",
	} {
		d.Residual.Count(place, 0)
	}
	return d
}
