package pipeline_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"testing"

	"github.com/insurance-navigator/navigator/core"
)

// document is an uploaded file of the given content.
func document(content string, pages int) core.Document {
	return core.Document{ID: core.NewID(), User: core.NewID(), Job: core.NewID(), Attempt: 1, Status: core.Uploaded,
		Key: "user/document/original.pdf", Size: int64(len(content)), SHA256: sha256.Sum256([]byte(content)), Pages: pages}
}

// wantCode fails the test unless err is a *core.Error of that code and kind.
func wantCode(t *testing.T, err error, code core.Code, kind core.Kind) {
	t.Helper()
	var e *core.Error
	if !errors.As(err, &e) || e.Code != code || e.Kind != kind {
		t.Errorf("the error is %#v, want %s (%s)", err, code, kind)
	}
}

// wantNothing fails the test when a stage that failed made something too.
func wantNothing(t *testing.T, made core.Made) {
	t.Helper()
	if made != nil {
		t.Errorf("a stage that failed made %#v", made)
	}
}

// pages is a store of parsed text.
type pages struct {
	list []core.Page
	err  error
}

func (p pages) Pages(context.Context, core.Document) ([]core.Page, error) { return p.list, p.err }
