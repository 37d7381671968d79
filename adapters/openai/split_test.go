package openai_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/insurance-navigator/navigator/adapters/openai/openaitest"
	"github.com/insurance-navigator/navigator/core"
)

// A refusal without a known reason is bisected to the text that it is about,
// within two requests for each halving; nothing is paid beyond the texts before it.
func TestAnUnexplainedRefusalIsBisectedToItsText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 256).Draw(rt, "texts")
		at := rapid.IntRange(0, n-1).Draw(rt, "refused")
		e, fake := serve(t, openaitest.Options{})
		fake.Inject(openaitest.Fault{Kind: openaitest.BadRequest, Match: "poison", Times: -1})
		list := texts(n)
		list[at] = "poison"
		err := refused(t, e, core.CodeEmbedderRefused, list...)
		if cause := errors.Unwrap(err); !strings.HasPrefix(cause.Error(), fmt.Sprintf("input %d: ", at)) {
			rt.Fatalf("the cause is %q, want input %d", cause, at)
		}
		if l := fake.Ledger(); l.Requests > 2*9 || l.Inputs > at {
			rt.Fatalf("%d requests, %d inputs paid for before text %d", l.Requests, l.Inputs, at)
		}
	})
}

// A service that refuses everything is not asked for each text.
func TestAServiceThatRefusesEverythingIsAskedOnceForEachHalving(t *testing.T) {
	t.Parallel()
	e, fake := serve(t, openaitest.Options{})
	fake.Inject(openaitest.Fault{Kind: openaitest.BadRequest, Times: -1})
	refused(t, e, core.CodeEmbedderRefused, texts(256)...)
	if l := fake.Ledger(); l.Requests != 9 || l.Tokens != 0 {
		t.Fatalf("%d requests, %d tokens; want 9 and none", l.Requests, l.Tokens)
	}
}

// A batch that is refused whole and taken in halves is embedded.
func TestABatchRefusedWholeIsTakenInHalves(t *testing.T) {
	t.Parallel()
	e, fake := serve(t, openaitest.Options{})
	want := embed(t, e, texts(5)...)
	fake.Inject(openaitest.Fault{Kind: openaitest.BadRequest})
	if got := embed(t, e, texts(5)...); got.Tokens != want.Tokens || len(got.Vectors) != 5 {
		t.Fatalf("%d vectors, %d tokens", len(got.Vectors), got.Tokens)
	}
}
