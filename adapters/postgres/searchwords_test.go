package postgres_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// strengthsSQL is what the ranking by words means, word by word and row by row.
const strengthsSQL = `
	with terms as (
		select lexeme, quote_literal(lexeme)::tsquery as query
		from unnest(to_tsvector('pg_catalog.english', upload_pipeline.plain_words($2))) order by positions[1], lexeme limit 32),
	hits as (
		select c.chunk_id, t.lexeme, ts_rank(c.words, t.query)::float8 as strength
		from upload_pipeline.document_chunks c join terms t on c.words @@ t.query where c.user_id = $1),
	rarity as (
		select lexeme, ln(1 + (select count(*) from upload_pipeline.document_chunks where user_id = $1)::float8 / count(*)) as weight
		from hits group by lexeme),
	named as (
		select d.document_id, t.lexeme
		from upload_pipeline.documents d join terms t
			on to_tsvector('pg_catalog.english', translate(upload_pipeline.plain_words(d.filename), '.', ' ')) @@ t.query
		where d.user_id = $1),
	names as (
		select lexeme, ln(1 + (select count(*) from upload_pipeline.documents where user_id = $1)::float8 / count(*)) as weight
		from named group by lexeme),
	titles as (select document_id, sum(weight) as weight from named join names using (lexeme) group by document_id)
	select c.chunk_id, sum(h.strength * r.weight) + 0.05 * coalesce(min(t.weight), 0)
	from hits h join rarity r using (lexeme) join upload_pipeline.document_chunks c using (chunk_id) left join titles t using (document_id)
	group by c.chunk_id`

// strengths is how strongly each chunk of an owner answers the words.
func (h *house) strengths(who ports.Principal, text string) map[core.ID]float64 {
	h.t.Helper()
	rows, err := h.db.SuperConn().Query(h.t.Context(), strengthsSQL, who.User, text)
	if err != nil {
		h.t.Fatal(err)
	}
	all := map[core.ID]float64{}
	var chunk core.ID
	var strength float64
	if _, err := pgx.ForEachRow(rows, []any{&chunk, &strength}, func() error {
		all[chunk] = strength
		return nil
	}); err != nil {
		h.t.Fatal(err)
	}
	return all
}

// The chunks come in the order of their strengths, however many words are asked
// for: one, as many as the shorter statement has columns for, one more, and more
// than count.
func TestSearchByWordsKeepsToItsDefinition(t *testing.T) {
	h := open(t)
	h.crowd(1, 2, 5, 40)
	who := h.one(1)
	for _, words := range []int{1, 8, 9, 60} {
		text := "paper 3"
		for i := range words {
			text += fmt.Sprintf(" word%d", (i*7+5)%97)
		}
		text = strings.Join(strings.Fields(text)[max(0, 2-words/2):], " ")
		want := h.strengths(who, text)
		found, err := h.library.Search(t.Context(), who, ports.Query{Text: text, Limit: 20})
		if err != nil || len(found) != min(20, len(want)) || len(found) == 0 {
			t.Fatalf("%d words: %d found of %d: %v", words, len(found), len(want), err)
		}
		order := make([]float64, 0, len(want))
		for _, strength := range want {
			order = append(order, strength)
		}
		slices.SortFunc(order, func(a, b float64) int { return int(math.Copysign(1, b-a)) })
		for i, p := range found {
			if math.Abs(want[p.Chunk]-order[i]) > 1e-9 {
				t.Errorf("%d words: place %d holds a chunk of strength %v, want %v", words, i, want[p.Chunk], order[i])
			}
		}
	}
}
