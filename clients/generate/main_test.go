package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/clients/typescript"
)

// Front ends broke by hand-written calls, each in its own way: the clients are
// generated, and this holds them to the documents that the API serves.
func TestFM032_FM035_L022_L033_ClientsDrift(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	for _, c := range clients {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			want, err := c.make(t.Context(), root)
			if errors.Is(err, typescript.ErrNoNode) {
				t.Skipf("%s is NOT compared with the OpenAPI document: %v", c.file, err)
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(c.path(root))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%s is not what the API says, type make clients (-API +file):\n%s", c.file, diff)
			}
		})
	}
}

func TestProblemsAreNoFields(t *testing.T) {
	t.Parallel()
	got, err := forGo([]byte(`{"paths":{"/a":{"get":{"responses":{"200":{"content":{"application/json":{}}},"404":{"content":{"application/problem+json":{}}},
		"503":{"content":{"application/json":{},"application/problem+json":{}}},"204":{}}}}}}`))
	want := `{"paths":{"/a":{"get":{"responses":{"200":{"content":{"application/json":{}}},"204":{},"503":{"content":{"application/json":{},"application/problem+json":{}}}}}}}}`
	if diff := cmp.Diff(want, string(got)); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

func TestOptionalHeadersAreNoArguments(t *testing.T) {
	t.Parallel()
	got, err := forGo([]byte(`{"paths":{"/a":{"get":{"parameters":[{"in":"header","name":"A"}]},"put":{"parameters":[
		{"in":"header","name":"A","required":true},{"in":"header","name":"B"},{"in":"path","name":"id"}]}}}}`))
	want := `{"paths":{"/a":{"get":{},"put":{"parameters":[{"in":"header","name":"A","required":true},{"in":"path","name":"id"}]}}}}`
	if diff := cmp.Diff(want, string(got)); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}
