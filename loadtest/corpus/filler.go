package corpus

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

var (
	subjects = []string{"The plan administrator", "A covered person", "The attending physician", "Each network provider", "The policyholder", "An authorized representative", "The claims department", "The benefit committee"}
	verbs    = []string{"shall review", "may request", "must document", "will acknowledge", "shall retain", "may amend", "must disclose", "will reconcile"}
	objects  = []string{"the itemized statement", "any supplementary record", "the schedule of allowances", "each written consent", "the notice of determination", "the certificate of coverage", "all supporting evidence", "the utilization report"}
	closings = []string{"before the close of the reporting period", "in accordance with the applicable statute", "without prejudice to any other provision", "upon receipt of a complete submission", "subject to the limitations stated elsewhere", "as the governing regulation requires", "unless the parties agree otherwise in writing", "at the address shown on the declarations page"}
)

// paragraph is a few sentences of contract prose that answer no question.
func paragraph(r *rand.Rand) string {
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	var sentences []string
	for range 3 + r.IntN(4) {
		sentences = append(sentences, fmt.Sprintf("%s %s %s %s.", pick(subjects), pick(verbs), pick(objects), pick(closings)))
	}
	return strings.Join(sentences, " ")
}

// Filler is a document of exactly pages pages of plausible text. Two seeds
// give two documents with different bytes.
func Filler(pages int, seed uint64) Document {
	p := newPaper(KindFiller, fmt.Sprintf("filler-%d-%d.pdf", pages, seed), fmt.Sprintf("Rider %d", seed))
	words := rand.New(rand.NewPCG(seed, 1))
	for page := range pages {
		if page > 0 {
			p.pdf.AddPage()
		}
		p.heading(2, fmt.Sprintf("Rider %d, part %d", seed, page+1))
		for range 6 {
			p.text(paragraph(words))
		}
	}
	return p.done()
}
