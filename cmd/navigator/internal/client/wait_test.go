package client_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
)

// looks answers one document after the other, the last for ever.
func looks(docs ...map[string]any) http.HandlerFunc {
	n := 0
	return func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 200, docs[n])
		n = min(n+1, len(docs)-1)
	}
}

func at(status string, timings map[string]int) map[string]any {
	return map[string]any{"status": status, "attempt": 1, "timings": timings}
}

func reached(t *testing.T, c *client.Client) []client.Reached {
	t.Helper()
	var got []client.Reached
	if _, err := c.Wait(t.Context(), "d", client.Watch{Step: func(_ client.Document, r client.Reached) { got = append(got, r) }}); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestWaitListsStatusesThatWerePassed(t *testing.T) {
	t.Parallel()
	c := serve(t, looks(
		at("uploaded", map[string]int{}),
		at("chunking", map[string]int{"uploaded": 10, "parse_queued": 300, "parsed": 20, "parse_validated": 5}),
		at("chunking", map[string]int{"uploaded": 10, "parse_queued": 300, "parsed": 20, "parse_validated": 5}),
		at("complete", map[string]int{"uploaded": 10, "parse_queued": 300, "parsed": 20, "parse_validated": 5, "chunking": 40,
			"chunks_stored": 0, "embedding_queued": 8, "embedding_in_progress": 100, "embeddings_stored": 9}),
	), client.Options{Pause: (&pauses{}).pause})
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	want := []client.Reached{
		{Status: "uploaded", After: 0}, {Status: "parse_queued", After: ms(10)}, {Status: "parsed", After: ms(310)},
		{Status: "parse_validated", After: ms(330)}, {Status: "chunking", After: ms(335)}, {Status: "chunks_stored", After: ms(375)},
		{Status: "embedding_queued", After: ms(375)}, {Status: "embedding_in_progress", After: ms(383)},
		{Status: "embeddings_stored", After: ms(483)}, {Status: "complete", After: ms(492)},
	}
	if diff := cmp.Diff(want, reached(t, c)); diff != "" {
		t.Error(diff)
	}
}

func TestWaitEndsAtEveryEnd(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"complete", "failed_parse", "failed_chunking", "failed_embedding", "cancelled", "deleting"} {
		c := serve(t, looks(at("uploaded", nil), at(end, map[string]int{"uploaded": 7})), client.Options{Pause: (&pauses{}).pause})
		want := []client.Reached{{Status: "uploaded"}, {Status: end, After: 7 * time.Millisecond}}
		if diff := cmp.Diff(want, reached(t, c)); diff != "" {
			t.Errorf("%s: %s", end, diff)
		}
	}
}

func TestWaitBeginsAnewWithAnAttempt(t *testing.T) {
	t.Parallel()
	second := at("parsed", map[string]int{"uploaded": 1, "parse_queued": 2})
	second["attempt"] = 2
	done := at("complete", map[string]int{"uploaded": 1, "parse_queued": 2, "parsed": 3})
	done["attempt"] = 2
	c := serve(t, looks(at("parse_queued", map[string]int{"uploaded": 5}), second, done), client.Options{Pause: (&pauses{}).pause})
	var got []string
	for _, r := range reached(t, c) {
		got = append(got, r.Status)
	}
	want := []string{"uploaded", "parse_queued", "uploaded", "parse_queued", "parsed", "complete"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWaitGoesOnPastAWordItDoesNotKnow(t *testing.T) {
	t.Parallel()
	c := serve(t, looks(at("polishing", nil), at("complete", nil)), client.Options{Pause: (&pauses{}).pause})
	if diff := cmp.Diff([]client.Reached{{Status: "polishing"}, {Status: "complete"}}, reached(t, c)); diff != "" {
		t.Error(diff)
	}
}

func TestWaitLooksLessOftenWhileNothingMoves(t *testing.T) {
	t.Parallel()
	n, waits := 0, &pauses{}
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		switch n++; {
		case n <= 10:
			answer(w, 200, at("uploaded", nil))
		case n == 11:
			w.Header().Set("Retry-After", "7")
			answer(w, 200, at("parse_queued", nil))
		default:
			answer(w, 200, at("complete", nil))
		}
	}, client.Options{Pause: waits.pause})
	reached(t, c)
	for i, d := range waits.list[:10] {
		if d < 100*time.Millisecond || d > 2*time.Second || (i > 0 && d < waits.list[i-1]) {
			t.Errorf("wait %d is %s", i, d)
		}
	}
	if waits.list[0] != 100*time.Millisecond || waits.list[9] != 2*time.Second || waits.list[10] != 7*time.Second {
		t.Errorf("waits are %v", waits.list)
	}
}

func TestWaitOutlastsAServiceThatIsAway(t *testing.T) {
	t.Parallel()
	n := 0
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if n++; n < 3 {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_ = conn.Close()
			return
		}
		answer(w, 200, at("complete", nil))
	}, client.Options{Pause: (&pauses{}).pause})
	if got := reached(t, c); len(got) != 1 {
		t.Errorf("got %v", got)
	}
}
