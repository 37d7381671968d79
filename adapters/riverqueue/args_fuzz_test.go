package riverqueue

import (
	"encoding/json"
	"testing"

	"github.com/insurance-navigator/navigator/core"
)

// longestArgs is more than ids and numbers take.
const longestArgs = 200

// FuzzJobArgs holds that what stands in a job's row is a job of its stage or an
// error, and that a job which was read says nothing but ids and numbers when it
// is written again, whatever else stood there.
func FuzzJobArgs(f *testing.F) {
	whole, err := json.Marshal(argsOf(core.Job{Stage: core.Embed, Document: core.ID{15: 9}, Attempt: 2, Turn: core.AnyTurn, Hint: true}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	for _, seed := range []string{"{}", "null", "[]", `{"document":"x"}`, `{"document":null,"attempt":1e400}`, `{"attempt":"1","name":"canary"}`, `{"turn":-9223372036854775808}`, "\x00", ""} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var args EmbedArgs
		if json.Unmarshal(raw, &args) != nil {
			return
		}
		job := args.step().job(core.Embed)
		again, err := json.Marshal(argsOf(job))
		if err != nil || len(again) > longestArgs {
			t.Errorf("%q is written as %q: %v", raw, again, err)
		}
		var back EmbedArgs
		if err := json.Unmarshal(again, &back); err != nil || back.step().job(core.Embed) != job {
			t.Errorf("%q comes back as %+v: %v", raw, back, err)
		}
	})
}
