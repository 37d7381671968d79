package portstest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// Sample is a file for a parser, with what is true of it.
type Sample struct {
	Type  string // MIME type
	Bytes []byte
	Pages []string // a phrase of each page, whitespace folded
}

// ParserRig is a parser under test, and what it is made for.
type ParserRig struct {
	Parser ports.Parser

	// Put stores a file as the product would before it is parsed; nil where the
	// parser takes nothing but what is handed to it.
	Put func(t *testing.T, key string, content []byte)

	Good   Sample // of two pages at least
	Broken Sample // a file that no parser can read

	// Outside says that files and jobs go to a service of another's. It lists
	// them, finds what it was handed, and may not know a job. A parser that works
	// in this process has neither: it lists nothing, holds nothing, and reads any
	// document again.
	Outside bool
}

// Parser checks a parser against the contract of ports.Parser. open gives one
// that holds nothing.
func Parser(t *testing.T, open func(t *testing.T) ParserRig) {
	t.Helper()
	for name, check := range map[string]func(*testing.T, ParserRig){
		"a_document_goes_there_and_back_twice":       parserReads,
		"L_025_what_cannot_be_read_is_final":         parserBroken,
		"C_20_an_attempt_is_found_and_no_other":      parserFinds,
		"a_lost_job_is_not_found_again":              parserLost,
		"an_unknown_job_is_gone":                     parserGone,
		"what_is_held_is_listed_under_its_attempt":   parserLists,
		"forgetting_leaves_nothing_and_repeats":      parserForgets,
		"a_fault_of_the_storage_stays_the_storage's": parserStorage,
		"an_ended_context_is_told_as_it_is":          parserEnded,
		"it_says_that_it_is_well":                    parserHealthy,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, open(t))
		})
	}
}

// document is an attempt at a stored sample.
func (r ParserRig) document(t *testing.T, s Sample) core.Document {
	t.Helper()
	doc := core.Document{ID: core.NewID(), User: core.NewID(), Job: core.NewID(), Attempt: 1, Status: core.Uploaded,
		Key: newKey(), Name: "canary.pdf", ContentType: s.Type, Size: int64(len(s.Bytes)), Pages: len(s.Pages)}
	if r.Put != nil {
		r.Put(t, doc.Key, s.Bytes)
	}
	return doc
}

// submit hands a document over and notes the parser's ids, as the product does.
func (r ParserRig) submit(t *testing.T, doc core.Document, s Sample) core.Document {
	t.Helper()
	queued, err := r.Parser.Submit(t.Context(), core.Submission{Document: doc, Body: bytes.NewReader(s.Bytes)})
	if err != nil {
		t.Fatalf("Submit: %v", err)
	}
	if queued.ProviderJob == "" {
		t.Fatal("Submit gave no job")
	}
	doc.ProviderJob, doc.ProviderFile, doc.Status = queued.ProviderJob, queued.ProviderFile, core.ParseQueued
	if _, err := r.Parser.Fetch(t.Context(), doc); queued.Ready && core.HasCode(err, core.CodeParseNotReady) {
		t.Error("the job was ready, and is not")
	}
	return doc
}

// parserPatience bounds the wait for a job.
const parserPatience = 20 * time.Second

// fetch asks until the job has ended: nothing else tells.
func (r ParserRig) fetch(t *testing.T, doc core.Document) (core.Text, error) {
	t.Helper()
	for deadline := time.Now().Add(parserPatience); ; {
		text, err := r.Parser.Fetch(t.Context(), doc)
		if !core.HasCode(err, core.CodeParseNotReady) {
			return text, err
		}
		if kind := core.AsError(err).Kind; kind != core.Busy || time.Now().After(deadline) {
			t.Fatalf("not ready, as %s, and waited for until %s", kind, deadline)
		}
	}
}

func parserReads(t *testing.T, r ParserRig) {
	doc := r.submit(t, r.document(t, r.Good), r.Good)
	first, err := r.fetch(t, doc)
	if err != nil {
		t.Fatalf("Fetch: %v", err)
	}
	if len(first.Pages) != len(r.Good.Pages) || first.Parser == "" {
		t.Fatalf("%d pages by %q, want %d", len(first.Pages), first.Parser, len(r.Good.Pages))
	}
	for i, phrase := range r.Good.Pages {
		page := first.Pages[i]
		if page.Number != i+1 || page.Failed != "" || !strings.Contains(strings.Join(strings.Fields(page.Text), " "), phrase) {
			t.Errorf("page %d is number %d, failed %q, and has to hold %q", i+1, page.Number, page.Failed, phrase)
		}
	}
	again, err := r.Parser.Fetch(t.Context(), doc)
	if diff := cmp.Diff(first, again); err != nil || diff != "" {
		t.Errorf("fetched again: %v\n%s", err, diff)
	}
}

func parserBroken(t *testing.T, r ParserRig) {
	text, err := r.fetch(t, r.submit(t, r.document(t, r.Broken), r.Broken))
	if e := core.AsError(err); err == nil || e.Kind != core.Permanent || len(text.Pages) != 0 {
		t.Errorf("%d pages, %v: want none, and a permanent error", len(text.Pages), err)
	}
}

func parserFinds(t *testing.T, r ParserRig) {
	other := r.submit(t, r.document(t, r.Good), r.Good)
	doc := r.document(t, r.Good)
	if _, ok, err := r.Parser.Find(t.Context(), doc); err != nil || ok == r.Outside {
		t.Errorf("before it was handed over: found %v, %v", ok, err)
	}
	submitted := r.submit(t, doc, r.Good)
	queued, ok, err := r.Parser.Find(t.Context(), doc) // as one whose answer was lost
	if err != nil || !ok || queued.ProviderJob != submitted.ProviderJob || queued.ProviderFile != submitted.ProviderFile {
		t.Errorf("found %+v, %v, %v; want %s", queued, ok, err, submitted.ProviderJob)
	}
	if queued.ProviderJob == other.ProviderJob {
		t.Error("another attempt's job was found")
	}
}

func parserLost(t *testing.T, r ParserRig) {
	doc := r.submit(t, r.document(t, r.Good), r.Good)
	if _, ok, err := r.Parser.Find(t.Context(), doc); err != nil || ok == r.Outside {
		t.Errorf("the lost job itself: found %v, %v", ok, err)
	}
	next := r.submit(t, doc, r.Good)
	queued, ok, err := r.Parser.Find(t.Context(), doc)
	if err != nil || !ok || queued.ProviderJob != next.ProviderJob {
		t.Errorf("found %+v, %v, %v; want the job after the lost one, %s", queued, ok, err, next.ProviderJob)
	}
	if _, err := r.fetch(t, next); err != nil {
		t.Errorf("the next job: %v", err)
	}
}

func parserGone(t *testing.T, r ParserRig) {
	doc := r.document(t, r.Good)
	doc.ProviderJob = "pjb-" + core.NewID().String()
	_, err := r.Parser.Fetch(t.Context(), doc)
	if !r.Outside { // it reads the stored file, whatever the job's name
		if err != nil {
			t.Errorf("Fetch: %v", err)
		}
		return
	}
	if e := core.AsError(err); e.Code != core.CodeParseGone || e.Kind != core.Transient {
		t.Errorf("Fetch: %v, want %s", err, core.CodeParseGone)
	}
}

func (r ParserRig) held(t *testing.T, files ports.FileFilter, jobs ports.JobFilter) ([]ports.HeldFile, []ports.HeldJob) {
	t.Helper()
	heldFiles, err := ports.ReadAll(func(after string) (ports.Page[ports.HeldFile], error) {
		return r.Parser.ListFiles(t.Context(), files, after)
	})
	if err != nil {
		t.Fatalf("ListFiles: %v", err)
	}
	heldJobs, err := ports.ReadAll(func(after string) (ports.Page[ports.HeldJob], error) {
		return r.Parser.ListJobs(t.Context(), jobs, after)
	})
	if err != nil {
		t.Fatalf("ListJobs: %v", err)
	}
	return heldFiles, heldJobs
}

func parserLists(t *testing.T, r ParserRig) {
	var docs []core.Document
	for range 3 {
		doc := r.submit(t, r.document(t, r.Good), r.Good)
		if _, err := r.fetch(t, doc); err != nil {
			t.Fatalf("Fetch: %v", err)
		}
		docs = append(docs, doc)
	}
	files, jobs := r.held(t, ports.FileFilter{}, ports.JobFilter{})
	if !r.Outside {
		if len(files)+len(jobs) != 0 {
			t.Errorf("it holds %v %v, and has said that it does not", files, jobs)
		}
		return
	}
	if len(files) != len(docs) || len(jobs) != len(docs) {
		t.Errorf("%d files and %d jobs of %d documents", len(files), len(jobs), len(docs))
	}
	for _, doc := range docs {
		files, jobs := r.held(t, ports.FileFilter{Attempt: doc.Job}, ports.JobFilter{IDs: []string{doc.ProviderJob}, State: ports.JobCompleted})
		if len(files) != 1 || files[0].ID != doc.ProviderFile || files[0].Attempt != doc.Job || files[0].At.IsZero() {
			t.Errorf("its file is %+v, want %s", files, doc.ProviderFile)
		}
		if len(jobs) != 1 || jobs[0].ID != doc.ProviderJob || jobs[0].Attempt != doc.Job || !jobs[0].State.Ended() || jobs[0].At.IsZero() {
			t.Errorf("its job is %+v, want %s", jobs, doc.ProviderJob)
		}
	}
	nobody := core.NewID()
	files, jobs = r.held(t, ports.FileFilter{Attempt: nobody}, ports.JobFilter{IDs: []string{"pjb-" + nobody.String()}})
	if len(files)+len(jobs) != 0 {
		t.Errorf("of nobody: %v %v", files, jobs)
	}
}

func parserForgets(t *testing.T, r ParserRig) {
	other, doc := r.submit(t, r.document(t, r.Good), r.Good), r.submit(t, r.document(t, r.Good), r.Good)
	doc = r.submit(t, doc, r.Good) // twice: the first one's answer was lost, say
	for range 2 {
		if err := r.Parser.Forget(t.Context(), doc); err != nil {
			t.Fatalf("Forget: %v", err)
		}
	}
	if files, _ := r.held(t, ports.FileFilter{Attempt: doc.Job}, ports.JobFilter{}); len(files) != 0 {
		t.Errorf("it still holds %v", files)
	}
	if _, err := r.fetch(t, other); err != nil {
		t.Errorf("another's job: %v", err)
	}
	if files, _ := r.held(t, ports.FileFilter{Attempt: other.Job}, ports.JobFilter{}); r.Outside && len(files) != 1 {
		t.Errorf("another's files: %v", files)
	}
	if err := r.Parser.Forget(t.Context(), r.document(t, r.Good)); err != nil {
		t.Errorf("what never was: %v", err)
	}
}

func parserStorage(t *testing.T, r ParserRig) {
	doc := r.document(t, r.Good)
	half := r.Good.Bytes[:len(r.Good.Bytes)/2]
	body := io.MultiReader(bytes.NewReader(half), iotest.ErrReader(core.Fail(core.CodeStorageUnavailable, nil)))
	_, err := r.Parser.Submit(t.Context(), core.Submission{Document: doc, Body: body})
	if e := core.AsError(err); e.Code != core.CodeStorageUnavailable || e.Kind != core.Transient {
		t.Errorf("Submit: %v, want %s", err, core.CodeStorageUnavailable)
	}
	if _, jobs := r.held(t, ports.FileFilter{}, ports.JobFilter{}); len(jobs) != 0 {
		t.Errorf("half a file started %v", jobs)
	}
}

func parserEnded(t *testing.T, r ParserRig) {
	doc := r.submit(t, r.document(t, r.Good), r.Good)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Parser.Fetch(ctx, doc); !errors.Is(err, context.Canceled) {
		t.Errorf("Fetch: %v, want the context's own error", err)
	}
	if !r.Outside {
		return // nothing else waits for anybody
	}
	_, submitted := r.Parser.Submit(ctx, core.Submission{Document: doc, Body: bytes.NewReader(r.Good.Bytes)})
	_, _, found := r.Parser.Find(ctx, doc)
	_, files := r.Parser.ListFiles(ctx, ports.FileFilter{}, "")
	_, jobs := r.Parser.ListJobs(ctx, ports.JobFilter{}, "")
	for what, err := range map[string]error{"Submit": submitted, "Find": found, "ListFiles": files, "ListJobs": jobs,
		"Forget": r.Parser.Forget(ctx, doc), "Healthy": r.Parser.Healthy(ctx)} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want the context's own error", what, err)
		}
	}
}

func parserHealthy(t *testing.T, r ParserRig) {
	if err := r.Parser.Healthy(t.Context()); err != nil {
		t.Errorf("Healthy: %v", err)
	}
}
