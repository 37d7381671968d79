package boot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/core"
)

// leaks are secrets and personal data of every family, each with a word that no
// line may hold. They are put together here, so that no scan finds this file.
func leaks() map[string]string {
	const word = "aB3dE5gH7jK9mN1pQ3sT5vW7"
	return map[string]string{
		"a login in an address": "dial postgres" + "://someone:" + word + "@db.internal/x: refused",
		"a token":               "token eyJhbGciOiJFUzI1NiJ9." + word + "." + word,
		"a header":              "Bearer " + word,
		"a parser's key":        "key llx" + "-" + word,
		"an embedder's key":     "key sk" + "-proj-" + word,
		"a storage's key":       "key sb_" + "secret_" + word,
		"our own key":           "key " + core.KeyPrefix + word,
		"a backup's key":        "AGE-SECRET-KEY-1" + strings.ToUpper(word),
		"a private key":         "-----BEGIN " + "PRIVATE KEY-----\n" + word + "\n-----END " + "PRIVATE KEY-----",
		"a signed address":      "https://x.example/object?token=" + word + "&a=b",
		"a person":              word + "@example.com",
	}
}

type named struct{ Name string }

// No secret gets through a handler, however it is handed over.
func TestPlog_EveryHandlerBlotsSecrets(t *testing.T) {
	t.Parallel()
	for name, leak := range leaks() {
		var out bytes.Buffer
		log := NewLog(&out, Defaults())
		for how, write := range map[string]func(){
			"message":   func() { log.Error(leak) },
			"attribute": func() { log.Info("request", "detail", leak) },
			"bound":     func() { log.With("detail", leak).Info("request") },
			"group":     func() { log.WithGroup("g").Info("request", slog.Group("h", "detail", leak)) },
			"error":     func() { log.Info("request", "cause", fmt.Errorf("open: %w", errors.New(leak))) },
			"struct": func() {
				log.Info("request", "who", named{leak}, "all", []string{leak}, "more", map[string]any{"x": &named{leak}})
			},
			"level": func() {
				log.LogAttrs(context.Background(), slog.LevelWarn, "request", slog.Any("raw", json.RawMessage(strconv.Quote(leak))))
			},
		} {
			out.Reset()
			write()
			line := out.String()
			if lower := strings.ToLower(line); strings.Contains(lower, "ab3de5") || line == "" {
				t.Errorf("%s as %s: %q", name, how, line)
			}
			if !json.Valid(out.Bytes()) {
				t.Errorf("%s as %s is no JSON any more: %q", name, how, line)
			}
		}
	}
}

// What is named as something no log may hold is not written, whatever it is.
func TestPlog_UnspokenNamesAreNotWritten(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := NewLog(&out, Defaults())
	log.Info("request", "password", "quiet heron", "filename", "quiet heron.pdf", "Email", "quiet heron", slog.Group("q", "query", "quiet heron"), "body", []string{"quiet heron"})
	if strings.Contains(out.String(), "heron") {
		t.Errorf("written: %s", out.String())
	}
}

// What is no secret stays as it is.
func TestALineStaysReadable(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	id := core.NewID().String()
	NewLog(&out, Defaults()).Info("job", "document_id", id, "stage", core.Parse, "duration_ms", 12, "address", "http://127.0.0.1:8000", "providers", "openai=api.openai.com")
	for _, want := range []string{`"document_id":"` + id + `"`, `"stage":"parse"`, `"duration_ms":12`, `"address":"http://127.0.0.1:8000"`, `"event":"job"`, `"providers":"openai=api.openai.com"`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in %s", want, out.String())
		}
	}
}

// Each message in the code has its event: the vocabulary is closed.
func TestEveryMessageHasItsEvent(t *testing.T) {
	t.Parallel()
	found := 0
	for _, root := range []string{"../../../cmd/internal/boot", "../../../adapters"} {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() && strings.HasSuffix(path, "test") {
				return fs.SkipDir // a fake
			}
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			for _, message := range messages(t, path) {
				found++
				if _, ok := logEvents[message]; !ok {
					t.Errorf("%s logs %q, which has no event in logEvents", path, message)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < 40 {
		t.Errorf("%d messages were found in the code", found)
	}
}

// writers are the methods that write a line, and where their message stands.
var writers = map[string]int{"Info": 0, "Warn": 0, "Error": 0, "Debug": 0, "DebugContext": 1, "InfoContext": 1, "WarnContext": 1, "ErrorContext": 1, "Log": 2, "LogAttrs": 2}

// messages are the literal messages that a file logs.
func messages(t *testing.T, path string) (all []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		method, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		at, ok := writers[method.Sel.Name]
		if !ok || len(call.Args) <= at {
			return true
		}
		if literal, ok := call.Args[at].(*ast.BasicLit); ok && literal.Kind == token.STRING {
			message, _ := strconv.Unquote(literal.Value) // it was parsed
			all = append(all, message)
		}
		return true
	})
	return all
}

// A line within a request names it, unless it does so itself.
func TestALineNamesItsRequest(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log, id := NewLog(&out, Defaults()), core.NewID()
	ctx := core.From(t.Context(), core.Origin{Service: "api", Request: id})
	log.WarnContext(ctx, "note a read")
	log.LogAttrs(ctx, slog.LevelInfo, "request", slog.String("request_id", id.String()))
	if got := strings.Count(out.String(), `"request_id":"`+id.String()+`"`); got != 2 {
		t.Errorf("%d ids in %s", got, out.String())
	}
}

// The level follows the configuration, and a switch to debug and back.
func TestTheLevelIsSwitched(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	config := Defaults()
	config.LogLevel = "warn"
	log := NewLog(&out, config)
	j := journalOf(log)
	for round, want := range []int{0, 1, 1} {
		log.Debug("call")
		if got := strings.Count(out.String(), `"event":"call"`); got != want {
			t.Errorf("round %d: %d debug lines, want %d", round, got, want)
		}
		j.toggle(slog.LevelWarn)
	}
	if !strings.Contains(out.String(), `"event":"log_level"`) {
		t.Error("the switch left no line")
	}
}
