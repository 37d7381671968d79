// Command check parses the LogQL of documents, dashboards and rules with Loki's
// own parser, and names each query that is none.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/grafana/loki/v3/pkg/logql/syntax"
	"gopkg.in/yaml.v3"
)

// query is one LogQL and where it stands.
type query struct{ at, text string }

func main() {
	root := flag.String("root", ".", "the repository")
	flag.Parse()
	queries, err := collect(*root)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	bad := 0
	for _, q := range queries {
		if _, err := syntax.ParseExpr(filled(q.text)); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n%s\n", q.at, err, q.text)
			bad++
		}
	}
	fmt.Printf("%d LogQL queries, %d faults\n", len(queries), bad)
	if bad > 0 || len(queries) == 0 {
		os.Exit(1)
	}
}

// collect reads every file that may hold a query.
func collect(root string) (all []query, err error) {
	readers := map[string]func(string, []byte) ([]query, error){".md": fenced, ".json": panels, ".yaml": rules}
	for _, dir := range []string{"docs", "observability"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, entry fs.DirEntry, err error) error {
			read := readers[filepath.Ext(path)]
			if err != nil || entry.IsDir() || read == nil {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			found, err := read(path, text)
			all = append(all, found...)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

var fence = regexp.MustCompile("(?s)```logql\n(.*?)```")

// fenced are the queries of a page: its blocks of logql.
func fenced(path string, text []byte) (all []query, _ error) {
	for _, found := range fence.FindAllSubmatch(text, -1) {
		all = append(all, query{path, string(found[1])})
	}
	return all, nil
}

// panels are the queries of a dashboard to a datasource of type loki.
func panels(path string, text []byte) (all []query, _ error) {
	var board any
	if json.Unmarshal(text, &board) != nil || !strings.Contains(path, "dashboards") {
		return nil, nil // no dashboard
	}
	walk(board, false, func(expr string) { all = append(all, query{path, expr}) })
	return all, nil
}

// walk finds each expr below an object whose datasource, or whose parent's, is
// a Loki.
func walk(node any, loki bool, found func(string)) {
	switch n := node.(type) {
	case []any:
		for _, child := range n {
			walk(child, loki, found)
		}
	case map[string]any:
		if source, ok := n["datasource"].(map[string]any); ok {
			loki = source["type"] == "loki"
		}
		if expr, ok := n["expr"].(string); ok && loki {
			found(expr)
		}
		for _, child := range n {
			walk(child, loki, found)
		}
	}
}

// rules are the expressions of Loki's ruler.
func rules(path string, text []byte) (all []query, err error) {
	if !strings.Contains(filepath.ToSlash(path), "loki/rules/") {
		return nil, nil
	}
	var file struct {
		Groups []struct {
			Rules []struct {
				Alert, Record, Expr string
				Annotations         map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			all = append(all, query{path + " " + rule.Alert + rule.Record, rule.Expr})
		}
	}
	return all, nil
}

// variable is what Grafana fills in.
var variable = regexp.MustCompile(`\$(__auto|__interval|__rate_interval|__range)\b|\[\$\w+\]|\$\{?\w+(:\w+)?\}?`)

// filled puts a value in the place of each variable.
func filled(text string) string {
	return variable.ReplaceAllStringFunc(text, func(name string) string {
		switch {
		case strings.HasPrefix(name, "["):
			return "[5m]"
		case strings.HasPrefix(name, "$__"):
			return "5m"
		}
		return "x"
	})
}
