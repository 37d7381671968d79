package riverqueue_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
)

// A panic is an error like others, and nothing of its value is kept: not in the
// queue's tables, and not in the log.
func TestC16_APanicsValueIsKeptNowhere(t *testing.T) {
	h := open(t)
	for stage, setting := range h.settings.Stages {
		setting.Attempts = 2
		h.settings.Stages[stage] = setting
	}
	h.upkeep.Reconcile = func(context.Context) error { panic(errCanary) }
	h.upkeep.Forget = func(context.Context, core.ID) error { panic(errCanary.Error()) }
	id := h.add(core.Chunk, func(context.Context, int) error { panic(errCanary.Error()) })
	forget := h.add(core.Forget, nil)
	stop := h.start()
	got := h.ends(id)
	if got.State != "cancelled" || got.Attempt != 2 || !cmp.Equal(got.Errors, []string{"internal", "JobCancelError: internal"}) {
		t.Errorf("the job is %+v", got)
	}
	h.failedOnce(id, core.Chunk, core.CodeInternal)
	h.until("the panicking forget", func() bool { h.hurry(forget); return h.row(forget).Snoozes > 0 })
	h.until("the panicking round", func() bool {
		return slices.Equal(h.periodic("reconcile"), []string{"discarded internal"})
	})
	stop()
	h.holdsNothingOf("canary", "Jane", "HN-QUX", "sk-secret")
}

// periodic is each job of a round: its state and its errors.
func (h *house) periodic(kind string) (list []string) {
	h.t.Helper()
	rows, err := h.pool.Query(h.t.Context(), `select concat_ws(' ', state, (select string_agg(concat(e ->> 'error', e ->> 'trace'), ' ') from unnest(errors) e))
		from river.river_job where kind = $1 order by id`, kind)
	if err != nil {
		h.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			h.t.Fatal(err)
		}
		list = append(list, text)
	}
	return list
}

// holdsNothingOf looks through every column of the queue, and the log.
func (h *house) holdsNothingOf(words ...string) {
	h.t.Helper()
	var all string
	if err := h.pool.QueryRow(h.t.Context(), `select string_agg(to_jsonb(j)::text, ' ') from river.river_job j`).Scan(&all); err != nil {
		h.t.Fatal(err)
	}
	for _, word := range words {
		if strings.Contains(all, word) {
			h.t.Errorf("the queue holds %q:\n%s", word, all)
		}
		if strings.Contains(h.logs.String(), word) {
			h.t.Errorf("the log holds %q:\n%s", word, h.logs)
		}
	}
}

// Whatever goes wrong, the queue's tables hold codes and no more.
func TestC16_ErrorsInTheQueueAreCodesAlone(t *testing.T) {
	h := open(t)
	for stage, setting := range h.settings.Stages {
		setting.Attempts = 1
		h.settings.Stages[stage] = setting
	}
	var ids []core.ID
	for i, code := range core.Codes() {
		stage := core.Stages()[i%len(core.Stages())]
		ids = append(ids, h.add(stage, always(fmt.Errorf("call: %w", core.Fail(code, errCanary)))))
	}
	ids = append(ids, h.add(core.Parse, always(errCanary)), h.add(core.Parse, always(fmt.Errorf("%w: %w", errCanary, context.DeadlineExceeded))))
	stop := h.start()
	codes := core.Codes()
	for _, id := range ids {
		h.until("a verdict", func() bool { r := h.row(id); return r.Finished || r.Snoozes > 0 })
		for _, text := range h.row(id).Errors {
			if code, _ := strings.CutPrefix(text, "JobCancelError: "); !slices.Contains(codes, core.Code(code)) {
				t.Errorf("the queue holds %q", text)
			}
		}
	}
	stop()
	h.holdsNothingOf("canary", "Jane", "HN-QUX", "sk-secret", "call:")
}
