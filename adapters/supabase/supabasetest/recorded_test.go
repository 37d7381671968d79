package supabasetest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// recordings is where exchanges with the real services lie, beside the
// repository; they are not part of it.
var recordings = filepath.Join("..", "..", "..", "..", "shared", "contracts", "supabase-recorded")

// exchange is the answer half of a recording.
type exchange struct {
	status int
	body   string
}

func readRecording(t *testing.T, name string) map[string]exchange {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(recordings, name))
	if err != nil {
		t.Skipf("no recorded exchanges to compare with: %v", err)
	}
	all := map[string]exchange{}
	for _, part := range strings.Split(string(content), "\n### ") {
		title, rest, _ := strings.Cut(strings.TrimPrefix(part, "### "), "\n")
		var x exchange
		for line := range strings.SplitSeq(rest, "\n") {
			if proto, after, ok := strings.Cut(line, " "); ok && strings.HasPrefix(proto, "HTTP/") {
				x.status, _ = strconv.Atoi(after[:3])
			}
			if x.body == "" && (strings.HasPrefix(line, "{") || strings.HasPrefix(line, "[")) {
				x.body = line
			}
		}
		all[strings.TrimSpace(title)] = x
	}
	return all
}

// shape is a JSON text with its values replaced by their types; the values of
// error bodies stay, but for what names a bucket.
func shape(t *testing.T, text string) any {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		return "not JSON"
	}
	if body, ok := value.(map[string]any); ok && (body["statusCode"] != nil || body["error_code"] != nil) {
		return body
	}
	return typesOf(value)
}

func typesOf(value any) any {
	switch v := value.(type) {
	case map[string]any:
		types := map[string]any{}
		for name, inner := range v {
			types[name] = typesOf(inner)
		}
		return types
	case []any:
		if len(v) == 0 {
			return "empty"
		}
		return []any{typesOf(v[0])}
	case string:
		return "string"
	case float64:
		return "number"
	case bool:
		return "bool"
	}
	return "null"
}

// replay is the request half of a recording, as it was made.
type replay struct {
	title, method, path, body string
	headers                   []string
}
