package core_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// unbound are the places of the services where work does not end with the
// context it was handed, by file and function, each with its reason. Everything
// else ends when its request, its job or its process does.
var unbound = map[string]string{
	"cmd/internal/boot/main.go Main":               "the process's own context, ended by a signal",
	"cmd/internal/boot/limiter.go firstPing":       "a start that is broken off ends with its process; 2 s",
	"cmd/internal/boot/drill.go Drill":             "the scratch database is wiped after a drill that was broken off, too; bounded",
	"cmd/internal/boot/health.go facts":            "one look serves all who ask; 5 s",
	"cmd/internal/boot/house.go register":          "leaving the list of processes comes after the stop; 5 s",
	"cmd/internal/boot/house.go engine":            "closing comes after the stop",
	"cmd/internal/boot/oldfiles.go close":          "closing comes after the stop",
	"cmd/internal/boot/gate.go newGate":            "requests under way outlive the signal; cut off when SOFT_STOP_TIMEOUT is over",
	"cmd/internal/boot/refusal.go refused":         "a run that ends with a refusal still lets the queue rest; 8 s",
	"cmd/internal/boot/serve.go serve":             "draining comes after the signal; bounded by SOFT_STOP_TIMEOUT",
	"cmd/internal/boot/serve.go startLine":         "the line ends by Stop, in its order, and not with the signal",
	"adapters/httpapi/events_hub.go watch":         "a poll serves all who watch, and ends with the last of them",
	"adapters/httpapi/once.go firmly":              "a client that leaves does not cut a commit in two; Limits.CleanupTime",
	"adapters/httpapi/upload.go add":               "a client that leaves does not cut a commit in two; whoever has a turn is bounded by Limits.CleanupTime",
	"adapters/httpapi/upload.go firmly":            "a client that leaves does not cut a commit in two; Limits.CleanupTime",
	"adapters/httpapi/fields.go replaceHumaErrors": "the framework hands no context; nothing is awaited",
	"adapters/httpapi/quote.go exampleOfQuote":     "the document's example; nothing is awaited",
	"adapters/httpapi/refusals.go problemExample":  "the document's example; nothing is awaited",
	"adapters/jwtverify/remote.go fly":             "a fetch of keys serves all who wait for it; has its own timeout",
	"adapters/localauth/accounts.go New":           "a hash at start, of milliseconds",
	"adapters/pdftext/file.go inside":              "the sandbox is stopped by its memory's stop word, at the end of the run's own context",
	"adapters/pdftext/instance.go start":           "the sandbox is made whole, and stopped by the run's own context",
	"adapters/pdftext/instance.go close":           "closing comes after the run",
	"adapters/redislimiter/limiter.go ask":         "a client that leaves does not speak against Redis; Config.Wait, 50 ms",
	"adapters/redislimiter/statuses.go call":       "likewise, and a move is told though whoever made it has left; Config.Wait, 50 ms",
	"adapters/postgres/positions.go now":           "one question serves all who wait for it; 2 s",
	"adapters/riverqueue/worker.go taken":          "whether the job is still ours is asked though the run's time is over; 5 s",
	"adapters/riverqueue/verdict.go fail":          "the reason is written though the run's time is over; 10 s",
	"adapters/postgres/probe.go look":              "the probe's own connection is closed though its time is over",
	"adapters/supabase/password.go withProof":      "the session that proved the old password is ended though the client leaves; the call's timeout",
	"adapters/supabase/refresh.go Refresh":         "one trade of a token serves all who wait for it; the call's timeout",
	"adapters/supabase/storage.go confirm":         "what a cut-off upload left is removed; has its own timeout",
	"adapters/supabase/prepare.go probe":           "the canary of the start is removed; the client's own timeout",
	"cmd/internal/boot/logwire.go wireLoki":        "the last lines are sent when all is over; lokiFlush",
	"cmd/internal/boot/watch.go close":             "the last spans are sent when all is over; traceFlush",
	"core/governor/governor.go Call":               "a call that was made is booked though the run's time is over; settleTime",
	"core/pipeline/arrive.go unseen":               "what came is settled though the run's time is over; 10 s",
	"core/pipeline/reembed.go Run":                 "the fault is written though the run's time is over; the statement's timeout",
}

// TestWorkEndsWithItsContext finds every context that is made anew, or freed
// from its end, in what the services run.
func TestWorkEndsWithItsContext(t *testing.T) {
	t.Parallel()
	found, root := map[string]string{}, moduleRoot(t)
	for _, s := range wholeTree(t) {
		if s.test || !servicesRun(s.dir) {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, filepath.FromSlash(s.path)), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && freesContext(f) {
				place := s.path + " " + f.Name.Name
				found[place] = unbound[place]
			}
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(unbound)), slices.Sorted(maps.Keys(found))); diff != "" {
		t.Errorf("work that does not end with its context (-listed +found); list it with its reason, or pass the context on:\n%s", diff)
	}
	for place, why := range unbound {
		if why == "" {
			t.Errorf("%s has no reason", place)
		}
	}
}

// servicesRun reports whether a folder's code runs in the services: fakes,
// suites and tools do not.
func servicesRun(dir string) bool {
	top, _, _ := strings.Cut(dir, "/")
	return (top == "core" || top == "ports" || top == "adapters" || strings.HasPrefix(dir, "cmd/internal/boot")) &&
		!strings.HasSuffix(dir, "test") && !strings.Contains(dir, "internal/boot/table") && !strings.Contains(dir, "/reading")
}

// freesContext reports whether a function calls one of the makers of contexts
// that end with nothing.
func freesContext(f *ast.FuncDecl) (frees bool) {
	ast.Inspect(f, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if from, ok := selector.X.(*ast.Ident); ok && from.Name == "context" {
			frees = frees || slices.Contains([]string{"Background", "TODO", "WithoutCancel"}, selector.Sel.Name)
		}
		return true
	})
	return frees
}
