package inprocess

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
)

// watched is a Security with a clock of its own, and the rows it wrote.
type watched struct {
	*Security
	now  time.Time
	rows []string
	fail error
	told map[core.SecurityKind]int
}

func newWatched(actors int) *watched {
	w := &watched{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), told: map[core.SecurityKind]int{}}
	w.Security = newSecurity(actors, func(kind core.SecurityKind) { w.told[kind]++ }, func() time.Time { return w.now })
	return w
}

// flush writes what is due and gives the rows, sorted.
func (w *watched) flush(t *testing.T, all bool) []string {
	t.Helper()
	w.rows = nil
	err := w.Flush(t.Context(), all, func(ctx context.Context, e core.AuditEntry) error {
		if w.fail != nil {
			return w.fail
		}
		o := core.OriginOf(ctx)
		w.rows = append(w.rows, fmt.Sprintf("%s %s %s %s ×%d %d", o.Service, o.Network, e.Actor, e.Action, e.Times, len(e.Documents)))
		return nil
	})
	if !errors.Is(err, w.fail) {
		t.Fatal(err)
	}
	slices.Sort(w.rows)
	return w.rows
}

func at(network string) context.Context {
	return core.From(context.Background(), core.Origin{Service: "api", Network: network, Request: core.NewID()})
}

func TestS21_AnActorsEventsAreOneRowAMinute(t *testing.T) {
	t.Parallel()
	w := newWatched(10)
	ada := core.NewID()
	fail := core.SecurityEvent{Kind: core.SecurityLoginFailed}
	probe := core.SecurityEvent{Kind: core.SecurityUnknownID, User: ada, Documents: []core.ID{core.NewID()}}
	step := func(what string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, w.flush(t, false)); diff != "" {
			t.Errorf("%s:\n%s", what, diff)
		}
	}
	step("nothing")
	for range 3 {
		w.Note(at("192.0.2.1"), fail)
		w.Note(at("192.0.2.2"), probe)
	}
	step("the first", "api 192.0.2.1 nobody authn_login_fail ×3 0", "api 192.0.2.2 user document_unknown ×3 1")
	for range 200 {
		w.Note(at("192.0.2.1"), fail)
	}
	w.now = w.now.Add(59 * time.Second)
	step("within the minute")
	w.now = w.now.Add(time.Second)
	w.fail = errors.New("away")
	step("while nothing can be written")
	w.fail = nil
	step("after it", "api 192.0.2.1 nobody authn_login_fail ×200 0")
	w.Note(at("192.0.2.1"), fail)
	if diff := cmp.Diff([]string{"api 192.0.2.1 nobody authn_login_fail ×1 0"}, w.flush(t, true)); diff != "" {
		t.Errorf("at the end:\n%s", diff)
	}
	if want := map[core.SecurityKind]int{core.SecurityLoginFailed: 204, core.SecurityUnknownID: 3}; !cmp.Equal(want, w.told) {
		t.Errorf("told of %v", w.told)
	}
	w.now = w.now.Add(2 * time.Minute)
	step("silence")
	if len(w.tallies) != 0 {
		t.Errorf("%d actors are remembered after their silence", len(w.tallies))
	}
}

// However many addresses attack, memory and rows are bounded, and none of the
// events is lost from the count.
func TestS23_ManyActorsAreCountedTogether(t *testing.T) {
	t.Parallel()
	w := newWatched(3)
	for i := range 1000 {
		w.Note(at(fmt.Sprintf("192.0.2.%d", i%256)), core.SecurityEvent{Kind: core.SecurityTokenRefused})
	}
	rows := w.flush(t, false)
	if want := "api  nobody authn_token_fail ×988 0"; len(rows) != 4 || rows[0] != want {
		t.Errorf("the rows are %q, want 3 actors and %q", rows, want)
	}
}
