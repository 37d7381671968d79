package retrieval_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

var (
	nouns  = strings.Fields("deductible copayment premium provider network referral hospital formulary benefit claim appeal member policy coverage exclusion rider schedule dependent enrollment limit")
	verbs  = strings.Fields("covers excludes requires reimburses limits defines amends waives replaces extends")
	frames = []string{
		"The %s %s each %s after %d days, unless the %s states otherwise. ",
		"Under section %[4]d the %[1]s %[2]s the %[3]s and any %[5]s of the same year. ",
		"A %s that %s a %s of $%d is charged to the %s. ",
	}
)

// rider is a document that is full of the words of the questions and answers
// none of them: the hardest company for a search to find an answer in.
func rider(seed uint64, pages int) (string, []core.Page) {
	r := rand.New(rand.NewPCG(seed, 2))
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	all := make([]core.Page, pages)
	for i := range all {
		var text strings.Builder
		fmt.Fprintf(&text, "# Part %d\n\n", i+1)
		for text.Len() < 3900 {
			for range 4 {
				fmt.Fprintf(&text, pick(frames), pick(nouns), pick(verbs), pick(nouns), r.IntN(100_000), pick(nouns))
			}
			text.WriteString("\n\n")
		}
		all[i] = core.Page{Number: i + 1, Text: text.String()}
	}
	return fmt.Sprintf("rider-%d.pdf", seed), all
}

// crowd puts riders and, for every one, a filler document of the corpus into
// the shelf. It returns how many chunks they are.
func (s *shelf) crowd(riders, fillers, pages int) (chunks int) {
	for i := range riders {
		chunks += len(s.chunks(s.put(rider(uint64(i), pages))))
	}
	for i := range fillers {
		filler := corpus.Filler(pages, uint64(i+1))
		chunks += len(s.chunks(s.put(filler.Name, s.read(filler.Bytes))))
	}
	return chunks
}
