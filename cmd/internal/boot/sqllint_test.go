package boot_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// takesSQL are the methods that send a statement: it is their first argument
// that is no context. Behind them stand those of ours that hand one on, with
// the statement's place.
var (
	takesSQL = []string{"Query", "QueryRow", "Exec", "Queue"}
	handsOn  = map[string]int{"turn": 1, "standings": 2, "standing": 2, "one": 2}
)

// builtSQL are the functions that make a statement of more than the source's
// own words, and what they put into it.
var builtSQL = map[string]string{
	"adapters/postgres.turn":         "hands on, see handsOn",
	"adapters/postgres.standings":    "hands on, see handsOn",
	"adapters/postgres.standing":     "hands on, see handsOn",
	"adapters/postgres.one":          "hands on, see handsOn",
	"adapters/postgres.Movable":      "the condition of a tier, out of a list in the source",
	"adapters/postgres.MovableCount": "likewise",
	"adapters/postgres.Exec":         "hands on: the names are those of a pool",
	"adapters/postgres.Query":        "hands on, likewise",
	"adapters/postgres.QueryRow":     "hands on, likewise",
	"adapters/postgres.Search":       "columns for the words of a question, numbered; the words are parameters",
	"adapters/postgres.residual":     "a table's name out of a list in the source",
	"adapters/postgres.Due":          "the statement of a kind, out of a list in the source",
	"adapters/postgres.Expire":       "the statement of a kind, out of a list in the source",
	"adapters/postgres.Violations":   "the statement of a rule, out of a list in the source",
	"adapters/postgres.Erase":        "a table's name out of a list in the source, quoted",
	"adapters/postgres.Occupied":     "a table's name that the catalog gave, quoted",
	"adapters/postgres.each":         "names of tables and columns that the catalog gave, quoted",
	"adapters/postgres.Analyze":      "a table's name that the catalog gave, quoted",
	"adapters/riverqueue.Exec":       "hands on what River executes",
	"adapters/riverqueue.QueryRow":   "likewise",
	"adapters/riverqueue.CopyFrom":   "an insert of the columns that River copies; values go as parameters",
	"db.drop":                        "an index's name out of a list in the source",
	"db.Add":                         "an index's name out of a list in the source",
	"db/legacy":                      "adoption: a schema's name, and a time that the database gave",
	"db/dbtest":                      "names and passwords of tests",
	"db/plans":                       "the seed of a test's database, out of the source",
	"db/schemadump":                  "a database's name that it draws",
	"cmd/navigator/internal/dev":     "the names of a private database, and a password that it draws",
	"bench/place":                    "likewise, of a place to load",
}

// L-024: a value that is pasted into a statement. Only what stands in the
// source is sent; values go beside it, as parameters.
func TestL024_S29_NoStatementIsBuiltFromValues(t *testing.T) {
	t.Parallel()
	packages := map[string][]*ast.File{}
	eachSource(t, func(folder, _ string, tree *ast.File) { packages[folder] = append(packages[folder], tree) })
	hands := map[string]map[string]int{"adapters/postgres": handsOn}
	sent := 0
	for folder, files := range packages {
		constants := packageConstants(files)
		for _, file := range files {
			found, n := builtStatements(file, constants, hands[folder])
			sent += n
			for _, function := range found {
				if builtSQL[folder+"."+function] == "" && builtSQL[folder] == "" {
					t.Errorf("%s.%s makes a statement of more than words of the source: send values as parameters", folder, function)
				}
			}
		}
	}
	if sent < 150 {
		t.Errorf("only %d statements were looked at", sent)
	}
}

// packageConstants are the package's constants, its lists of literals, and its
// functions that return words of the source alone.
func packageConstants(files []*ast.File) map[string]bool {
	names := map[string]bool{}
	each := func(visit func(decl ast.Decl)) {
		for _, file := range files {
			for _, decl := range file.Decls {
				visit(decl)
			}
		}
	}
	each(func(decl ast.Decl) {
		group, ok := decl.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST && group.Tok != token.VAR {
			return
		}
		for _, spec := range group.Specs {
			value := spec.(*ast.ValueSpec)
			for i, name := range value.Names {
				names[name.Name] = group.Tok == token.CONST || i < len(value.Values) && listOfSource(value.Values[i], names)
			}
		}
	})
	each(func(decl ast.Decl) {
		function, ok := decl.(*ast.FuncDecl)
		if ok && function.Recv == nil && function.Body != nil {
			names[function.Name.Name+"()"] = returnsSource(function, names)
		}
	})
	return names
}

func listOfSource(e ast.Expr, known map[string]bool) bool {
	list, ok := e.(*ast.CompositeLit)
	return ok && !slices.ContainsFunc(list.Elts, func(e ast.Expr) bool { return !ofSource(e, known) })
}

func returnsSource(function *ast.FuncDecl, known map[string]bool) bool {
	fine, returns := true, 0
	ast.Inspect(function.Body, func(n ast.Node) bool {
		if r, ok := n.(*ast.ReturnStmt); ok {
			returns++
			fine = fine && len(r.Results) == 1 && ofSource(r.Results[0], known)
		}
		return true
	})
	return fine && returns > 0
}

// builtStatements lists the functions that send something built, and counts
// all statements that are sent.
func builtStatements(file *ast.File, constants map[string]bool, hands map[string]int) (functions []string, sent int) {
	for _, decl := range file.Decls {
		function, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		known := localConstants(function, constants)
		ast.Inspect(function, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if statement := statementOf(call, hands); statement != nil {
				sent++
				if !ofSource(statement, known) {
					functions = append(functions, function.Name.Name)
				}
			}
			return true
		})
	}
	return slices.Compact(functions), sent
}

func statementOf(call *ast.CallExpr, hands map[string]int) ast.Expr {
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	if place, ours := hands[method.Sel.Name]; ours && len(call.Args) > place {
		return call.Args[place]
	}
	if !slices.Contains(takesSQL, method.Sel.Name) {
		return nil
	}
	for _, argument := range call.Args {
		if _, reads := argument.(*ast.FuncLit); reads { // a batch's answer, not its question
			return nil
		}
		if !isContext(argument) {
			return argument
		}
	}
	return nil
}

func isContext(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return strings.HasSuffix(strings.ToLower(e.Name), "ctx") || e.Name == "bounded"
	case *ast.CallExpr:
		method, ok := e.Fun.(*ast.SelectorExpr)
		return ok && (method.Sel.Name == "Context" || method.Sel.Name == "WithoutCancel" || method.Sel.Name == "Background")
	}
	return false
}

// localConstants adds the function's own constants and the variables that are
// only ever set to words of the source.
func localConstants(function *ast.FuncDecl, constants map[string]bool) map[string]bool {
	known := map[string]bool{}
	maps.Copy(known, constants)
	spoiled := map[string]bool{}
	ast.Inspect(function, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ValueSpec:
			for i, name := range n.Names {
				known[name.Name] = i < len(n.Values) && ofSource(n.Values[i], known)
			}
		case *ast.AssignStmt:
			for i, left := range n.Lhs {
				name, ok := left.(*ast.Ident)
				if !ok || len(n.Lhs) != len(n.Rhs) {
					continue
				}
				if fine := ofSource(n.Rhs[i], known); fine && !spoiled[name.Name] {
					known[name.Name] = true
				} else {
					known[name.Name], spoiled[name.Name] = false, true
				}
			}
		case *ast.RangeStmt: // over a list in the source
			list, named := n.X.(*ast.Ident)
			if name, ok := n.Value.(*ast.Ident); ok && (listOfSource(n.X, known) || named && known[list.Name]) {
				known[name.Name] = true
			}
		}
		return true
	})
	return known
}

// ofSource reports an expression that is made of literals and of names known to
// be.
func ofSource(e ast.Expr, known map[string]bool) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return e.Kind == token.STRING
	case *ast.Ident:
		return known[e.Name]
	case *ast.ParenExpr:
		return ofSource(e.X, known)
	case *ast.CallExpr:
		function, ok := e.Fun.(*ast.Ident)
		return ok && known[function.Name+"()"]
	case *ast.BinaryExpr:
		return e.Op == token.ADD && ofSource(e.X, known) && ofSource(e.Y, known)
	}
	return false
}

// sessionState is what a statement leaves in its session, or needs of it; a
// pooler in transaction mode gives each transaction another one.
var sessionState = regexp.MustCompile(`^\s*(?i:set)\s+((?i:session)\s+)?[a-z_.]+\s*(=|(?i:\bto\b))|(?i)^\s*set\s+(role|session)\b|^\s*(un)?listen\s+[a-z_]+\s*$|` +
	`\bpg_(try_)?advisory_(un)?lock(_shared)?\(|set_config\([^()]*,\s*false\)|^\s*prepare\s+[a-z_]+\s+as\b|^\s*discard\s|` +
	`\bcreate\s+(temp|temporary)\s|\bwith\s+hold\b`)

// sessions are the functions that have a session of their own: on the server
// itself or on a pooler in session mode, as was found by asking.
var sessions = map[string]string{
	"adapters/postgres.hears":  "the probe's own connection, which proves by it that sessions last",
	"adapters/postgres.steady": "sets the sessions of direct and session connections",
	"deploy/rollout.ready":     "prepares a release, and no statement",
	"db":                       "migrations, which are refused through a transaction pooler",
	"db/legacy":                "adoption, likewise",
	"db/dbtest":                "tests' own connections to the server",
	"db/plans":                 "likewise",
	"bench/place":              "the owner's connections to a private server, to fill it",
}

func TestP010_NoStatementNeedsASession(t *testing.T) {
	t.Parallel()
	met := map[string]bool{}
	eachSource(t, func(folder, path string, tree *ast.File) {
		for _, function := range sessionUses(tree) {
			met[folder], met[folder+"."+function] = true, true
			if sessions[folder+"."+function] == "" && sessions[folder] == "" {
				t.Errorf("%s: %s uses what lasts for a session, which a pooler in transaction mode shares out", filepath.Base(path), function)
			}
		}
	})
	for name := range sessions {
		if !met[name] {
			t.Errorf("%s is excused and needs no session", name)
		}
	}
}

// sessionUses lists the functions with such statements, and those that name a
// prepared one.
func sessionUses(tree *ast.File) (functions []string) {
	for _, decl := range tree.Decls {
		name := "-"
		if function, ok := decl.(*ast.FuncDecl); ok {
			name = function.Name.Name
		}
		ast.Inspect(decl, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				if n.Kind == token.STRING && sessionState.MatchString(strings.Trim(n.Value, "`\"")) {
					functions = append(functions, name)
				}
			case *ast.CallExpr:
				method, ok := n.Fun.(*ast.SelectorExpr)
				if ok && method.Sel.Name == "Prepare" && len(n.Args) == 3 {
					functions = append(functions, name)
				}
			}
			return true
		})
	}
	return slices.Compact(functions)
}

// The lints see what they must see.
func TestTheSQLLintsFind(t *testing.T) {
	t.Parallel()
	const source = `package x
const where = " where id = $1"
func good() { db.Exec(ctx, "select 1" + where, id); sql := "a"; if x { sql = where }; tx.Query(ctx, sql); for _, s := range []string{"a", where} { b.Queue(s) } }
func pasted() { db.Exec(ctx, "select " + id) }
func printed() { db.QueryRow(ctx, fmt.Sprintf("select %d", n)) }
func kept() { sql := "a"; sql = sql + v; db.Query(ctx, sql) }
func handed(sql string) { db.Exec(t.Context(), sql) }
func joined() { b.Queue(strings.Join(v, ",")) }`
	tree, err := parser.ParseFile(token.NewFileSet(), "x.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	got, sent := builtStatements(tree, packageConstants([]*ast.File{tree}), nil)
	if diff := cmp.Diff([]string{"pasted", "printed", "kept", "handed", "joined"}, got); diff != "" || sent != 8 {
		t.Errorf("%d sent: %s", sent, diff)
	}
	for text, want := range map[string]bool{
		"set search_path = ''": true, "SET statement_timeout TO 5": true, "set session x = 1": true, "set role inav_app": true, "listen news": true,
		"select pg_advisory_lock($1)": true, "select pg_try_advisory_lock(1)": true, "select set_config('a', $1, false)": true, "prepare a as select 1": true,
		"discard all": true, "create temp table x (a int)": true,
		"set local jit = off": false, "select set_config('a', $1, true)": false, "select pg_advisory_xact_lock($1)": false, "select pg_notify('a', $1)": false,
		"update x set a = 1": false, "set DATABASE_POOL_MODE in the environment": false, "listen on this address": false,
	} {
		if sessionState.MatchString(text) != want {
			t.Errorf("%q is seen: %t", text, !want)
		}
	}
}
