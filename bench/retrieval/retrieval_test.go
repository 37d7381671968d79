package retrieval_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
	"github.com/insurance-navigator/navigator/ports"
)

// asked is a question with its vector and the chunks that answer it: those of
// its document and page that hold the answer's words.
type asked struct {
	corpus.Question
	document string
	answers  map[core.ID]bool
	vector   []float32
}

// papers puts the corpus into the shelf. It returns its questions and how many
// chunks it is.
func (s *shelf) papers() (questions []asked, chunks int) {
	s.t.Helper()
	for _, doc := range corpus.All() {
		if !doc.Readable() {
			continue
		}
		cut := s.chunks(s.put(doc.Name, s.read(doc.Bytes)))
		chunks += len(cut)
		for _, q := range doc.Questions {
			a := asked{Question: q, document: doc.Name, answers: map[core.ID]bool{}, vector: s.ask(q.Ask)}
			for _, c := range cut {
				if c.PageFrom <= q.Page && q.Page <= c.PageTo && strings.Contains(fold(c.Text), fold(q.Answer)) {
					a.answers[c.ID] = true
				}
			}
			if len(a.answers) == 0 {
				s.t.Errorf("no chunk of %s holds the answer to %q", doc.Name, q.Ask)
			}
			questions = append(questions, a)
		}
	}
	return questions, chunks
}

func fold(text string) string { return strings.Join(strings.Fields(text), " ") }

// way is one of the ways to search.
type way struct {
	name          string
	words, vector bool
}

var ways = []way{{"vectors alone", false, true}, {"words alone", true, false}, {"hybrid", true, true}}

// score is how well a way finds answers.
type score struct {
	at    [6]int // questions whose answer is among the first so many; [0] is unused
	mrr   float64
	took  time.Duration // of one search
	asked int
}

func (s score) share(place int) float64 { return 100 * float64(s.at[place]) / float64(s.asked) }

// judge asks every question.
func (s *shelf) judge(w way, questions []asked) (total score) {
	s.t.Helper()
	total.asked = len(questions)
	began := time.Now()
	for _, a := range questions {
		q := ports.Query{Limit: 10}
		if w.words {
			q.Text = a.Ask
		}
		if w.vector {
			q.Vector = a.vector
		}
		found := must(s.library.Search(s.t.Context(), s.who, q))(s.t)
		rank := 1 + slices.IndexFunc(found, func(p ports.Passage) bool { return a.answers[p.Chunk] })
		if rank == 0 || rank > 3 {
			s.t.Logf("%s: place %d: %q (%s)", w.name, rank, a.Ask, a.document)
		}
		if rank == 0 {
			continue
		}
		total.mrr += 1 / float64(rank) / float64(len(questions))
		for place := rank; place < len(total.at); place++ {
			total.at[place]++
		}
	}
	total.took = time.Since(began) / time.Duration(len(questions))
	return total
}

// The bar of search, on a shelf that is small enough for every day. The
// benchmark judges the same questions in larger company.
func TestTheAnswerIsAmongTheFirstThree(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	questions, own := s.papers()
	chunks := own + s.crowd(2, 0, 100)
	scores := map[string]score{}
	for _, w := range ways {
		scores[w.name] = s.judge(w, questions)
		t.Logf("%-14s among the first three: %.1f %% of %d questions over %d chunks (by chance %.2f %%)",
			w.name, scores[w.name].share(3), len(questions), chunks, 300/float64(chunks))
	}
	hybrid := scores["hybrid"]
	if hybrid.share(3) < 90 || len(questions) < 40 {
		t.Errorf("hybrid: %.1f %% of %d questions, want 90 %% of 40 or more", hybrid.share(3), len(questions))
	}
	if hybrid.at[3] < scores["vectors alone"].at[3] {
		t.Error("vectors alone find more: the hybrid search is not worth its price")
	}
	if scores["words alone"].share(3) < 80 {
		t.Errorf("words alone: %.1f %%, want 80 %%: it is what is left while the embedder is away", scores["words alone"].share(3))
	}
}

// BenchmarkRetrieval prints the table of docs/search.md.
func BenchmarkRetrieval(b *testing.B) {
	for b.Loop() {
		s := newShelf(b)
		questions, own := s.papers()
		others := s.crowd(5, 5, 150)
		out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintf(out, "\n%d questions, %d chunks of their documents among %d of others\n", len(questions), own, others)
		_, _ = fmt.Fprintln(out, "way\tfirst\tfirst 3\tfirst 5\tMRR\tms")
		all := float64(own + others)
		_, _ = fmt.Fprintf(out, "by chance\t%.2f %%\t%.2f %%\t%.2f %%\t\t\n", 100/all, 300/all, 500/all)
		for _, w := range ways {
			r := s.judge(w, questions)
			_, _ = fmt.Fprintf(out, "%s\t%.1f %%\t%.1f %%\t%.1f %%\t%.3f\t%.0f\n", w.name, r.share(1), r.share(3), r.share(5), r.mrr, r.took.Seconds()*1000)
			b.ReportMetric(r.share(3), strings.ReplaceAll(w.name, " ", "-")+"-top3-%")
		}
		_ = out.Flush()
	}
}
