package postgres_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

func root(x float64) float64 { return math.Sqrt(x) }

// question is a vector near to a stored one and equal to none.
func question(r *rand.Rand, near stored) []float32 {
	v := slices.Clone(near.vector)
	for i := range 48 {
		v[i] += float32(r.NormFloat64() * 0.1)
	}
	return v
}

// exactly compares a search with brute force over all that should be seen.
func (h *house) exactly(name string, who ports.Principal, all []stored, q ports.Query) {
	h.t.Helper()
	found, err := h.library.Search(h.t.Context(), who, q)
	if err != nil {
		h.t.Fatalf("%s: %v", name, err)
	}
	byID, sims := map[core.ID]float64{}, []float64{}
	for _, s := range all {
		if len(q.Filter.Documents) > 0 && !slices.Contains(q.Filter.Documents, s.document) {
			continue
		}
		byID[s.chunk] = cosine(s.vector, q.Vector)
		sims = append(sims, byID[s.chunk])
	}
	slices.SortFunc(sims, func(a, b float64) int { return int(math.Copysign(1, b-a)) })
	if len(found) != min(q.Limit, len(sims)) {
		h.t.Fatalf("%s: %d found of %d", name, len(found), len(sims))
	}
	for i, p := range found {
		sim, own := byID[p.Chunk]
		if !own || math.Abs(sim-sims[i]) > 1e-5 || p.Similarity == nil || math.Abs(*p.Similarity-sim) > 1e-5 {
			h.t.Errorf("%s: place %d holds %v (own: %t), want %v", name, i, sim, own, sims[i])
		}
	}
}

// Recall is 1.0 by comparison with brute force: for one user among a thousand,
// for one who owns three rows of five, with filters and without.
func TestSearchIsExactUnderRowLevelSecurity(t *testing.T) {
	h := open(t)
	h.crowd(1, 999, 1, 2)
	h.crowd(1000, 1000, 30, 100)
	for number, name := range map[int]string{500: "one among 1,000", 1000: "one who owns 60 %"} {
		who := h.one(number)
		all := h.storedOf(who)
		r := rand.New(rand.NewPCG(1, uint64(number)))
		for range 10 {
			near := all[r.IntN(len(all))]
			vector := question(r, near)
			h.exactly(name, who, all, ports.Query{Vector: vector, Limit: 50})
			h.exactly(name+", one document", who, all, ports.Query{Vector: vector, Limit: 50, Filter: ports.Filter{Documents: []core.ID{near.document}}})
		}
		other := h.storedOf(h.one(501))[0]
		h.exactly(name+", another's document", who, all, ports.Query{Vector: other.vector, Limit: 5, Filter: ports.Filter{Documents: []core.ID{other.document}}})
	}
}

// Chunks that lie nearer to each other than half precision tells apart are put
// in the order of their vectors all the same.
func TestSearchTellsApartWhatHalfPrecisionDoesNot(t *testing.T) {
	h := open(t)
	h.crowd(1, 1, 4, 100)
	who := h.one(1)
	if _, err := h.db.SuperConn().Exec(t.Context(), `update upload_pipeline.document_chunks c set embedding = v.value from (
		select chunk_id, extensions.l2_normalize(array_agg(sin(i) + 0.0004 * sin(i * n))::extensions.vector) as value
		from (select chunk_id, row_number() over (order by chunk_id) as n from upload_pipeline.document_chunks) c, generate_series(1, 1536) i
		group by chunk_id) v where v.chunk_id = c.chunk_id`); err != nil {
		t.Fatal(err)
	}
	vector := h.storedOf(who)[0].vector
	ids := func(by string) (ids []core.ID) {
		rows, err := h.db.SuperConn().Query(t.Context(), `select chunk_id from upload_pipeline.document_chunks
			order by `+by+` operator(extensions.<=>) $1::extensions.vector`+map[bool]string{true: "::extensions.halfvec(1536)"}[by == "near"]+`, chunk_id limit 20`,
			pgvector.NewVector(vector))
		if err == nil {
			ids, err = pgx.CollectRows(rows, pgx.RowTo[core.ID])
		}
		if err != nil {
			t.Fatal(err)
		}
		return ids
	}
	want := ids("embedding")
	if slices.Equal(want, ids("near")) {
		t.Fatal("half precision tells these apart: the test shows nothing")
	}
	found, err := h.library.Search(t.Context(), who, ports.Query{Vector: vector, Limit: 20})
	if err != nil {
		t.Fatal(err)
	}
	got := make([]core.ID, len(found))
	for i, p := range found {
		got[i] = p.Chunk
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("not the order of the vectors (-want +got):\n%s", diff)
	}
}

// plan is what the statement does for an owner.
func (h *house) plan(who ports.Principal, sql string, args []any, before ...string) string {
	h.t.Helper()
	tx, err := h.app.Begin(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(h.t.Context()) }()
	for _, set := range slices.Concat([]string{postgres.SearchSettings}, before, []string{`set local role authenticated`}) {
		if _, err := tx.Exec(h.t.Context(), set); err != nil {
			h.t.Fatal(err)
		}
	}
	if _, err := tx.Exec(h.t.Context(), `select set_config('request.jwt.claims', $1, true)`, string(who.Claims)); err != nil {
		h.t.Fatal(err)
	}
	rows, err := tx.Query(h.t.Context(), `explain (analyze, costs off, timing off, format json) `+sql, args...)
	if err != nil {
		h.t.Fatal(err)
	}
	text, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[string])
	if err != nil {
		h.t.Fatal(err)
	}
	return text
}

// scan is a node of a plan that reads a table or an index.
type scan struct {
	Kind    string  `json:"Node Type"`
	Table   string  `json:"Relation Name"`
	Index   string  `json:"Index Name"`
	Rows    float64 `json:"Actual Rows"` // of a loop
	Loops   float64 `json:"Actual Loops"`
	Removed float64 `json:"Rows Removed by Filter"`
	Plans   []scan  `json:"Plans"`
}

func (s scan) walk(visit func(scan)) {
	visit(s)
	for _, inner := range s.Plans {
		inner.walk(visit)
	}
}

func scansOf(t *testing.T, plan string) (all []scan) {
	t.Helper()
	var parsed []struct{ Plan scan }
	if err := json.Unmarshal([]byte(plan), &parsed); err != nil || len(parsed) != 1 {
		t.Fatalf("%d plans: %v", len(parsed), err)
	}
	parsed[0].Plan.walk(func(s scan) { all = append(all, s) })
	return all
}

// Indexes lead to the owner's rows: no table is read whole, no row of anyone else
// is read and thrown away, and each chunk is read once for each of the steps that
// look at it: by its copy, in full, and for its text. The planner takes an owner
// of many documents for one of few, and must not go through all of them for each.
func TestSearchReadsTheOwnersRowsAlone(t *testing.T) {
	h := open(t)
	h.crowd(1, 999, 1, 2)
	h.crowd(1000, 1000, 30, 100)
	h.crowd(1001, 1001, 300, 1)
	statements := map[string]string{"few words": postgres.ExactSQL, "many words": postgres.ExactManySQL}
	for number, owned := range map[int]struct{ documents, chunks float64 }{500: {1, 2}, 1000: {30, 3000}, 1001: {300, 300}} {
		who := h.one(number)
		most := map[string]float64{"document_chunks": 3 * owned.chunks, "documents": owned.documents + 5, "upload_jobs": owned.documents}
		for name, sql := range statements {
			plan := h.plan(who, sql, postgres.SearchArgs(who, ports.Query{Text: "word5 of the plan", Vector: unit(1), Limit: 5}, `{'word5','plan'}`))
			read := map[string]float64{}
			for _, s := range scansOf(t, plan) {
				if s.Kind == "Seq Scan" || s.Table != "" && s.Removed > 0 {
					t.Errorf("user %d, %s: %s on %s throws %v rows away", number, name, s.Kind, s.Table, s.Removed)
				}
				read[s.Table] += s.Rows * s.Loops
			}
			for table, rows := range most {
				if read[table] == 0 || read[table] > rows {
					t.Errorf("user %d, %s: %v rows of %s are read, at most %v are wanted:\n%s", number, name, read[table], table, rows, plan)
				}
			}
		}
	}
}

// A GIN index would not help: under row-level security it is not used.
func TestSearchCannotUseAnIndexOfWords(t *testing.T) {
	h := open(t)
	h.crowd(1, 999, 1, 2)
	if _, err := h.db.SuperConn().Exec(t.Context(), `create index by_words on upload_pipeline.document_chunks using gin (words)`); err != nil {
		t.Fatal(err)
	}
	who := h.one(500)
	const sql = `select chunk_id from upload_pipeline.document_chunks where words @@ 'word5'::tsquery`
	if plan := h.plan(who, sql, nil); strings.Contains(plan, "by_words") {
		t.Error("the index is used under row-level security: searchsql.go says it cannot be")
	}
}

func TestSearchFilters(t *testing.T) {
	h := open(t)
	h.crowd(1, 2, 6, 3)
	who := h.one(1)
	first := h.storedOf(who)[0]
	day := func(d int) time.Time { return time.Date(2026, 1, d, 0, 0, 0, 0, time.UTC) }
	for name, c := range map[string]struct {
		filter ports.Filter
		names  string
	}{
		"none":             {ports.Filter{}, `paper-[1-6]\.pdf`},
		"a document":       {ports.Filter{Documents: []core.ID{first.document}}, `paper-\d\.pdf`},
		"a type":           {ports.Filter{Types: []string{"text/html"}}, `paper-[246]\.pdf`},
		"two types":        {ports.Filter{Types: []string{"text/html", "application/pdf"}}, `paper-[1-6]\.pdf`},
		"an unknown type":  {ports.Filter{Types: []string{"text/plain"}}, ``},
		"from":             {ports.Filter{From: day(5)}, `paper-[456]\.pdf`},
		"before":           {ports.Filter{Before: day(5)}, `paper-[123]\.pdf`},
		"between, one day": {ports.Filter{From: day(5), Before: day(6)}, `paper-4\.pdf`},
		"all at once":      {ports.Filter{From: day(5), Types: []string{"application/pdf"}, Documents: []core.ID{first.document}}, `paper-5\.pdf`},
	} {
		for how, q := range map[string]ports.Query{
			"vectors": {Vector: first.vector}, "text": {Text: "the plan"}, "hybrid": {Vector: first.vector, Text: "the plan"},
		} {
			q.Filter, q.Limit = c.filter, 50
			found, err := h.library.Search(t.Context(), who, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range found {
				if c.names == "" || !regexp.MustCompile(c.names).MatchString(p.Name) {
					t.Errorf("%s, %s: found %s", name, how, p.Name)
				}
			}
			if want := map[string]int{"none": 18, "a document": 3, "a type": 9, "two types": 18, "from": 9, "before": 9, "between, one day": 3}[name]; want > 0 && len(found) != want {
				t.Errorf("%s, %s: %d found, want %d", name, how, len(found), want)
			}
		}
	}
}

// Words are found as people write them, and nothing they write is a command.
func TestSearchByWords(t *testing.T) {
	h := open(t)
	who := user(t)
	h.walk(h.upload(who, "x", 2), core.Finish)
	conn := h.db.SuperConn()
	if _, err := conn.Exec(t.Context(), `update upload_pipeline.document_chunks set text = 'Code NWM-PPO-2025 costs $1,500; deductibles apply'
		where text = 'copay'`); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]int{
		"1500": 1, "$1,500": 1, "nwm-ppo": 1, "NWM PPO 2025": 1, "what is my deductible?": 2, "costs": 1, "1,600": 0, "": 0, "the": 0,
		`a' | !b:* & \ 'deductible`: 2, `<-> & (`: 0, "\\'": 0, "🩺": 0, strings.Repeat("deductible ", 180): 2,
		strings.Join(manyWords(600), " "): 0,
	} {
		found, err := h.library.Search(t.Context(), who, ports.Query{Text: query, Limit: 5})
		if err != nil || len(found) != want {
			t.Errorf("%.40q: %d found, want %d: %v", query, len(found), want, err)
		}
		for _, p := range found {
			if p.Similarity != nil || p.Score <= 0 || p.Score > 1 {
				t.Errorf("%.40q: similarity %v, score %v", query, p.Similarity, p.Score)
			}
		}
	}
	both, err := h.library.Search(t.Context(), who, ports.Query{Text: "copay headings costs 1500", Vector: unit(2), Limit: 5})
	if err != nil || len(both) != 2 || both[0].Score != 1 || both[0].PageFrom != 2 || *both[0].Similarity < 0.99 {
		t.Errorf("%+v, %v", both, err)
	}
}

func manyWords(n int) (words []string) {
	for i := range n {
		words = append(words, "q"+strings.Repeat("z", i%7)+string(rune('a'+i%26))+string(rune('a'+i/26)))
	}
	return words
}
