package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const written = `{"config": {"protocol_version": "v1.0.0"}}
{"progress": {"message": "Checking"}}
{"finding": {"osv": "GO-1", "trace": [{"module": "m.example/a", "version": "v1.0.0", "package": "p", "function": "F"}, {"module": "ours"}]}}
{"finding": {"osv": "GO-2", "trace": [{"module": "m.example/b", "version": "v2.0.0", "package": "p"}]}}
{"finding": {"osv": "GO-3", "trace": [{"module": "m.example/c", "version": "v3.0.0"}]}}
`

func TestWhatIsCalledIsFound(t *testing.T) {
	t.Parallel()
	found, err := called(strings.NewReader(written))
	if diff := cmp.Diff(map[string]string{"GO-1": "m.example/a@v1.0.0"}, found); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	for name, text := range map[string]string{"nothing": "", "a scan that never began": `{"progress": {}}`, "a broken line": written + "{"} {
		if _, err := called(strings.NewReader(text)); err == nil {
			t.Errorf("%s is taken for a scan", name)
		}
	}
}

func TestOnlyAnExcuseLetsPass(t *testing.T) {
	t.Parallel()
	found := map[string]string{"GO-1": "m.example/a@v1.0.0"}
	for name, c := range map[string]struct {
		excused map[string]string
		well    bool
		stale   []string
	}{
		"no excuse":       {nil, false, nil},
		"another's":       {map[string]string{"GO-2": "a reason"}, false, []string{"GO-2"}},
		"its own":         {map[string]string{"GO-1": "a reason"}, true, nil},
		"without reasons": {map[string]string{"GO-1": ""}, false, nil},
	} {
		var told bytes.Buffer
		if well := judge(found, c.excused, &told); well != c.well || !strings.Contains(told.String(), "GO-1 in m.example/a@v1.0.0") {
			t.Errorf("%s: %v, told %q", name, well, told.String())
		}
		if diff := cmp.Diff(c.stale, stale(found, c.excused)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
