package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// valve is an intake that a test closes.
type valve struct{ closed atomic.Bool }

// Open is ports.Intake.
func (v *valve) Open(context.Context) error {
	if !v.closed.Load() {
		return nil
	}
	e := core.Fail(core.CodeIntakePaused, nil)
	e.After = time.Minute
	return e
}

// Every way in is shut, and tells when to come back; what is there is served.
func TestAPausedIntakeShutsEveryWayIn(t *testing.T) {
	t.Parallel()
	intake := &valve{}
	b := newBench(t, func(d *APIDeps) { d.Intake = intake })
	var first Accepted
	b.upload(adaToken, pdf("before")).json(t, &first)
	up := b.announced()
	stored := len(b.blobs.keys())
	intake.closed.Store(true)
	for name, got := range map[string]reply{
		"the old route": b.upload(adaToken, pdf("during")),
		"documents":     b.create("", pdf("during")),
		"announcing":    b.post(pathAnnounce, adaToken, claim()),
		"sending":       b.sendFile("u/d/original.pdf|8", "application/pdf", strings.NewReader("%PDF-1.7")),
	} {
		p := got.problem(t, http.StatusServiceUnavailable, "intake_paused")
		if got.header.Get("Retry-After") != "60" || !strings.Contains(p["advice"].(string), "Retry-After") {
			t.Errorf("%s: %v %v", name, got.header, p)
		}
	}
	if n := len(b.blobs.keys()); n != stored {
		t.Errorf("%d objects were stored", n-stored)
	}
	if got := b.get("/documents/"+first.DocumentID+"/status", adaToken); got.status != http.StatusOK {
		t.Errorf("a status answers %d", got.status)
	}
	b.arrive(up.DocumentID)
	if got := b.get("/documents/"+up.DocumentID+"/status", adaToken); got.status != http.StatusOK {
		t.Errorf("what was announced before answers %d", got.status)
	}
	intake.closed.Store(false)
	if got := b.upload(adaToken, pdf("during")); got.status != http.StatusOK {
		t.Errorf("afterwards: %d %s", got.status, got.body)
	}
}

// A frozen loop fails liveness at every door, and readiness is another matter.
func TestC17_EveryDoorAsksTheProcess(t *testing.T) {
	t.Parallel()
	var frozen atomic.Bool
	live := func() error {
		if frozen.Load() {
			return errors.New("no progress: [secret-loop for 2m]")
		}
		return nil
	}
	api := newBench(t, func(d *APIDeps) { d.Live = live })
	hook := newBackDoor(t, func(d *WebhookDeps) { d.Live = live })
	probes := &bench{t: t, log: &lockedBuffer{}}
	probes.server = httptest.NewServer(NewProbes(Probes{Health: memHealth{}, Logger: slog.New(slog.NewJSONHandler(probes.log, nil)), Version: "v", Live: live}))
	t.Cleanup(probes.server.Close)
	probes.url = probes.server.URL
	for want, is := range map[int]bool{http.StatusServiceUnavailable: true, http.StatusOK: false} {
		frozen.Store(is)
		for name, got := range map[string]reply{"api": api.get("/livez", ""), "webhook": hook.get("/livez", ""), "worker": probes.get("/livez", "")} {
			if got.status != want || strings.Contains(string(got.body), "secret-loop") {
				t.Errorf("%s: %d %s, want %d", name, got.status, got.body, want)
			}
		}
		for _, path := range []string{"/readyz", "/health"} {
			if got := probes.get(path, ""); got.status != http.StatusOK {
				t.Errorf("%s answers %d", path, got.status)
			}
		}
	}
	if got := probes.get("/documents", ""); got.status != http.StatusNotFound {
		t.Errorf("the probes' door answers /documents with %d", got.status)
	}
}

var _ ports.Intake = (*valve)(nil)
