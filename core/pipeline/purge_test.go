package pipeline_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/pipeline"
)

// outside is store, storage and parser at once; it writes down what is done in
// order, and fails at the step called breaks.
type outside struct {
	doc    core.Document
	copies []core.Document
	breaks string
	moving bool // a copy of the file is under way
	busy   bool // a run is handing the document to the parser
	done   []string
	stays  bool // the storage says "deleted" and keeps the file
	held   int  // copies that the parser keeps all the same
	left   core.Residual
}

var errBroken = core.Fail(core.CodeStorageUnavailable, nil)

func (o *outside) do(step string) error {
	if step == o.breaks {
		return errBroken
	}
	o.done = append(o.done, step)
	return nil
}

func (o *outside) Doomed(_ context.Context, id core.ID) (core.Document, error) {
	if o.doc.ID != id {
		return core.Document{}, core.ErrStale
	}
	return o.doc, o.do("read")
}

func (o *outside) Copies(context.Context, core.ID) ([]core.Document, error) {
	return o.copies, o.do("copies")
}

func (o *outside) Submitting(context.Context, core.ID) (bool, error) { return o.busy, nil }

func (o *outside) Forget(_ context.Context, doc core.Document) error {
	return o.do("forget " + doc.ProviderJob)
}

func (o *outside) Delete(_ context.Context, keys ...string) error {
	return o.do("delete " + strings.Join(keys, ","))
}

func (o *outside) Stat(_ context.Context, key string) (core.Blob, error) {
	if o.stays {
		return core.Blob{Key: key}, nil
	}
	if err := o.do("stat"); err != nil {
		return core.Blob{}, err
	}
	return core.Blob{}, core.Fail(core.CodeFileMissing, nil)
}

func (o *outside) Moving(context.Context, core.Document) (bool, error) { return o.moving, nil }

func (o *outside) Held(context.Context, core.Document) (int, error) { return o.held, o.do("held") }

func (o *outside) Erase(_ context.Context, _ core.ID, left core.Residual, ticket any) error {
	o.left = left
	return o.do("erase by " + ticket.(string))
}

func doomed() *outside {
	o := &outside{doc: document("x", 1)}
	for _, job := range []string{"one", "two"} { // an attempt each
		doc := o.doc
		doc.ProviderJob, doc.Status = job, core.FailedParse
		o.copies = append(o.copies, doc)
	}
	return o
}

// The rows go last: they are what a later run finds the rest by.
func TestL023_ThePurgeRemovesTheRowsLast(t *testing.T) {
	t.Parallel()
	o := doomed()
	if err := (pipeline.Purging{Store: o, Blobs: o, Parser: o, Held: o.Held}).Run(t.Context(), o.doc.ID, "ticket"); err != nil {
		t.Fatal(err)
	}
	want := []string{"read", "copies", "forget one", "forget two", "delete " + o.doc.Key, "stat", "held", "held", "erase by ticket"}
	if diff := cmp.Diff(want, o.done); diff != "" {
		t.Errorf("done:\n%s", diff)
	}
}

// A purge that breaks anywhere leaves the rows, and its next run does the rest.
func TestL023_ABrokenPurgeLeavesTheRowsAndCanBeRepeated(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"read", "copies", "forget one", "forget two", "delete user/document/original.pdf", "stat", "held", "erase by ticket"} {
		o := doomed()
		o.breaks = step
		purge := pipeline.Purging{Store: o, Blobs: o, Parser: o, Held: o.Held}
		if err := purge.Run(t.Context(), o.doc.ID, "ticket"); !errors.Is(err, errBroken) {
			t.Errorf("%s broke: %v", step, err)
		}
		if slices.Contains(o.done, "erase by ticket") {
			t.Errorf("%s broke, and the rows were erased", step)
		}
		o.breaks = ""
		if err := purge.Run(t.Context(), o.doc.ID, "ticket"); err != nil || o.done[len(o.done)-1] != "erase by ticket" {
			t.Errorf("the run after %s broke: %v, %v", step, err, o.done)
		}
	}
}

// What says it was deleted is asked; a receipt tells what was not asked.
func TestThePurgeCountsWhatIsLeftOutside(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*outside){
		"the file":   func(o *outside) { o.stays = true },
		"the copies": func(o *outside) { o.held = 1 },
	} {
		o := doomed()
		spoil(o)
		err := pipeline.Purging{Store: o, Blobs: o, Parser: o, Held: o.Held}.Run(t.Context(), o.doc.ID, "ticket")
		if core.AsError(err).Kind != core.Transient || slices.Contains(o.done, "erase by ticket") {
			t.Errorf("%s stayed: %v, done %v", name, err, o.done)
		}
	}
	o := doomed()
	o.held = pipeline.NotAsked
	if err := (pipeline.Purging{Store: o, Blobs: o, Parser: o, Held: o.Held}).Run(t.Context(), o.doc.ID, "ticket"); err != nil {
		t.Fatal(err)
	}
	if copies, told := o.left[core.PlaceCopies]; !told || copies != nil || *o.left[core.PlaceFile] != 0 {
		t.Errorf("counted %v", o.left)
	}
}

func TestPurgeOfWhatIsGoneIsStale(t *testing.T) {
	t.Parallel()
	o := doomed()
	if err := (pipeline.Purging{Store: o, Blobs: o, Parser: o, Held: o.Held}).Run(t.Context(), core.NewID(), "ticket"); !errors.Is(err, core.ErrStale) || len(o.done) != 0 {
		t.Errorf("%v, done %v", err, o.done)
	}
}

// Forget removes the parser's copies and leaves file and rows alone.
func TestForgetRemovesTheParsersCopiesAlone(t *testing.T) {
	t.Parallel()
	o := doomed()
	for i := range o.copies {
		o.copies[i].Status = core.Parsed
	}
	forget := pipeline.Forgetting{Store: o, Parser: o}
	o.breaks = "forget two"
	if err := forget.Run(t.Context(), o.doc.ID); !errors.Is(err, errBroken) {
		t.Errorf("a broken forget: %v", err)
	}
	o.breaks = ""
	if err := forget.Run(t.Context(), o.doc.ID); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"copies", "forget one", "copies", "forget one", "forget two"}, o.done); diff != "" {
		t.Errorf("done:\n%s", diff)
	}
	o.done, o.breaks = nil, ""
	for _, underway := range []core.Status{core.Uploaded, core.ParseQueued} { // a retry's
		o.copies[1].Status = underway
		if err := forget.Run(t.Context(), o.doc.ID); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"copies", "forget one", "copies", "forget one"}, o.done); diff != "" {
		t.Errorf("done beside a retry:\n%s", diff)
	}
	o.breaks = "copies"
	if err := forget.Run(t.Context(), o.doc.ID); !errors.Is(err, errBroken) {
		t.Errorf("no list of copies: %v", err)
	}
}

// What a run under way hands to the parser arrives after a removal that does
// not wait for it.
func TestARemovalWaitsForTheSubmissionUnderWay(t *testing.T) {
	t.Parallel()
	o := doomed()
	o.busy = true
	purge, forget := pipeline.Purging{Store: o, Blobs: o, Parser: o}, pipeline.Forgetting{Store: o, Parser: o}
	for name, err := range map[string]error{"purge": purge.Run(t.Context(), o.doc.ID, "ticket"), "forget": forget.Run(t.Context(), o.doc.ID)} {
		if e := core.AsError(err); e.Kind != core.Busy || e.After <= 0 {
			t.Errorf("%s: %v, want it to wait", name, err)
		}
	}
	if slices.ContainsFunc(o.done, func(step string) bool { return step != "read" }) {
		t.Errorf("done meanwhile: %v", o.done)
	}
}

// The copies of an attempt that the parser works for stay: a retry may be under
// way when the copies of the attempt before are removed.
func TestForgetLeavesAnAttemptUnderWayAlone(t *testing.T) {
	t.Parallel()
	for _, status := range []core.Status{core.Uploaded, core.ParseQueued} {
		o := doomed()
		o.copies[0].Status, o.copies[1].Status = core.FailedParse, status
		if err := (pipeline.Forgetting{Store: o, Parser: o}).Run(t.Context(), o.doc.ID); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"copies", "forget one"}, o.done); diff != "" {
			t.Errorf("%s:\n%s", status, diff)
		}
	}
}

// The file goes from both tiers, and never while a copy of it is under way.
func TestThePurgeRemovesBothTiersOnceNothingMoves(t *testing.T) {
	t.Parallel()
	o := doomed()
	purge := pipeline.Purging{Store: o, Blobs: o, Parser: o, Held: o.Held, Archive: true}
	o.moving = true
	if err := purge.Run(t.Context(), o.doc.ID, "ticket"); core.AsError(err).Kind != core.Busy || slices.ContainsFunc(o.done, func(s string) bool { return strings.HasPrefix(s, "delete") }) {
		t.Errorf("while the file moves: %v, %v", err, o.done)
	}
	o.moving, o.done = false, nil
	if err := purge.Run(t.Context(), o.doc.ID, "ticket"); err != nil {
		t.Fatal(err)
	}
	want := []string{"read", "copies", "forget one", "forget two", "delete " + o.doc.Key + "," + core.OtherPlace(o.doc.Key), "stat", "stat", "held", "held", "erase by ticket"}
	if diff := cmp.Diff(want, o.done); diff != "" {
		t.Errorf("done:\n%s", diff)
	}
}
