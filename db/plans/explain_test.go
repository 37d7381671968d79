package plans_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/db/plans"
)

// runs is how often a statement is planned: the server makes a plan of its own for
// each of the first five runs, and from the sixth on it may take one for all.
const runs = 7

// sample is an owner, a document of that owner, its attempt and a chunk of it.
const sample = "00000000-0000-4000-8000-000000000001"

// samples are the parameters by their types. Words that a type does not take are
// tried again as "0".
var samples = map[string]string{
	"uuid": sample, "text": "complete", "integer": "1", "smallint": "1", "bigint": "20", "numeric": "1", "boolean": "true", "double precision": "1",
	"bytea": `\x6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b`, "interval": "179 days", "jsonb": "{}", "json": "{}",
	"date": "2026-01-01", "timestamp with time zone": "now", "river.river_job_state": "available", "bit": "1", "oid": "1", "name": "x", "character varying": "x", "tsquery": "x",
}

// argument is a parameter of a type, as a literal.
func argument(kind, text string) string {
	element, array := strings.CutSuffix(kind, "[]")
	value, known := samples[element]
	if !known && strings.HasPrefix(element, "bit") {
		value, known = "1", true
	}
	if element == "text" {
		value = text
	}
	switch {
	case element == "extensions.vector":
		value = "[1" + strings.Repeat(",0", 1535) + "]"
	case !known:
		return "null"
	}
	if array {
		value = `{"` + strings.ReplaceAll(strings.ReplaceAll(value, `\`, `\\`), `"`, `\"`) + `"}`
	}
	return "'" + value + "'"
}

// node is what EXPLAIN tells of a step.
type node struct {
	Kind      string `json:"Node Type"`
	Operation string `json:"Operation"`
	Join      string `json:"Join Type"`
	Relation  string `json:"Relation Name"`
	Index     string `json:"Index Name"`
	Cond      string `json:"Index Cond"`
	Order     string `json:"Order By"`
	Part      string `json:"Subplan Name"`
	CTE       string `json:"CTE Name"`
	Function  string `json:"Function Name"`
	Steps     []node `json:"Plans"`
}

// String is the node in words, without what changes with the rows' number.
func (n node) String() string {
	words := []string{n.Kind}
	for _, word := range []string{n.Operation, n.Join} {
		if word != "" && word != "Inner" {
			words = append(words, strings.ToLower(word))
		}
	}
	for _, word := range []string{n.Index, n.CTE, n.Function} {
		if word != "" {
			words = append(words, word)
		}
	}
	if n.Relation != "" {
		words = append(words, "on", n.Relation)
	}
	if n.whole() {
		words = append(words, "(all of it)")
	}
	if n.Part != "" {
		words = append(words, "for", n.Part)
	}
	return strings.Join(words, " ")
}

// whole reports a way through an index that begins at its end.
func (n node) whole() bool {
	return strings.HasPrefix(n.Kind, "Index") && n.Cond == "" && n.Order == ""
}

// tree is the plan, a line a node.
func (n node) tree(depth int) string {
	text := strings.Repeat("  ", depth) + n.String()
	for _, step := range n.Steps {
		text += "\n" + step.tree(depth+1)
	}
	return text
}

// ways lists how tables are reached: an index, or the table itself.
func (n node) ways() (list []string) {
	switch {
	case n.Index != "":
		list = append(list, n.Index)
	case n.Kind == "Seq Scan":
		list = append(list, "all of "+n.Relation)
	}
	for _, step := range n.Steps {
		list = append(list, step.ways()...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// scanned lists the tables that are read from end to end.
func (n node) scanned() (tables []string) {
	if n.Kind == "Seq Scan" {
		tables = append(tables, n.Relation)
	}
	for _, step := range n.Steps {
		tables = append(tables, step.scanned()...)
	}
	return tables
}

// explained is the plans of a statement's first run and of its last.
func explained(ctx context.Context, conn *pgx.Conn, s plans.Statement) (first, last node, err error) {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return first, last, err
	}
	defer tx.Rollback(ctx) //nolint:errcheck // nothing is kept
	settings := []string{fmt.Sprintf(`set local request.jwt.claims = '{"sub": "%s", "role": "authenticated", "session_id": "%s"}'`, sample, sample),
		"set local search_path = ''", "set local max_parallel_workers_per_gather = 0", "set local role " + s.Role}
	for _, setting := range strings.Split(s.Settings, "; ") {
		if setting != "" {
			settings = append(settings, "set local "+setting)
		}
	}
	if err := run(ctx, tx, settings...); err != nil {
		return first, last, err
	}
	if err := run(ctx, tx, "deallocate all", "prepare looked as "+s.SQL); err != nil {
		return first, last, err
	}
	for i := range runs {
		plan, err := planned(ctx, tx)
		if err != nil {
			return first, last, err
		}
		if last = plan; i == 0 {
			first = plan
		}
	}
	return first, last, nil
}

func run(ctx context.Context, tx pgx.Tx, statements ...string) error {
	for _, sql := range statements {
		if _, err := tx.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
	}
	return nil
}

// planned is the plan of the prepared statement's next run.
func planned(ctx context.Context, tx pgx.Tx) (n node, err error) {
	var kinds []string
	err = tx.QueryRow(ctx, `select array(select t::text from unnest(parameter_types) with ordinality u (t, i) order by i)
		from pg_catalog.pg_prepared_statements where name = 'looked'`, pgx.QueryExecModeSimpleProtocol).Scan(&kinds)
	if err != nil {
		return n, err
	}
	for _, text := range []string{samples["text"], "0"} {
		if n, err = executed(ctx, tx, kinds, text); err == nil {
			return n, nil
		}
	}
	return n, err
}

func executed(ctx context.Context, tx pgx.Tx, kinds []string, text string) (n node, err error) {
	arguments := make([]string, len(kinds))
	for i, kind := range kinds {
		arguments[i] = argument(kind, text)
	}
	execute := "execute looked"
	if len(arguments) > 0 {
		execute += "(" + strings.Join(arguments, ", ") + ")"
	}
	inner, err := tx.Begin(ctx)
	if err != nil {
		return n, err
	}
	defer inner.Rollback(ctx) //nolint:errcheck // nothing is kept
	var plan []byte
	if err := inner.QueryRow(ctx, "explain (format json, costs off) "+execute, pgx.QueryExecModeSimpleProtocol).Scan(&plan); err != nil {
		return n, err
	}
	var found []struct{ Plan node }
	if err := json.Unmarshal(plan, &found); err != nil {
		return n, err
	}
	return found[0].Plan, nil
}
