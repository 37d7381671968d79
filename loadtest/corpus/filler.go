package corpus

import (
	"fmt"
	"math/rand/v2"
)

// Filler is a contract of another insurer with exactly pages pages: the
// vocabulary of the corpus with other plans, years and amounts, which answers
// none of its questions for the plan they name. Two seeds give two documents.
func Filler(pages int, seed uint64) Document {
	r := rand.New(rand.NewPCG(seed, 1))
	line := lines[r.IntN(len(lines))]
	f := filler{r: r, line: line, last: pages}
	f.plan = fmt.Sprintf("%s %s", insurers[r.IntN(len(insurers))], line.plans[r.IntN(len(line.plans))])
	year := 2018 + r.IntN(9)
	form := fmt.Sprintf("%c%c-%d (%02d/%d)", 'A'+rune(r.IntN(26)), 'A'+rune(r.IntN(26)), 100+r.IntN(900), 1+r.IntN(12), year%100)
	f.paper = newPaper(KindFiller, fmt.Sprintf("filler-%d-%d.pdf", pages, seed), fmt.Sprintf("%s %d", f.plan, year), form)
	f.heading(1, fmt.Sprintf("%s %d: %s", f.plan, year, line.title))
	f.text(fmt.Sprintf("Contract %d-%05d. It is in force from January 1, %d to December 31, %d, and replaces all earlier contracts of the %s.",
		seed, r.IntN(100_000), year, year, f.plan))
	for section := 1; f.section(section); section++ {
	}
	return f.done()
}

// Distractors is contracts of other insurers, of pages pages in all. Each page
// gives a chunker at least one piece.
func Distractors(pages int) []Document {
	const most = 30
	var all []Document
	for seed := uint64(1); pages > 0; seed++ {
		all = append(all, Filler(min(pages, most), seed))
		pages -= min(pages, most)
	}
	return all
}

// filler is a contract in the making.
type filler struct {
	*paper
	r    *rand.Rand
	line line
	plan string
	last int // its last page
}

// section writes one section, and reports whether there is room for another.
func (f *filler) section(number int) bool {
	topic := f.line.topics[(number-1)%len(f.line.topics)]
	if !f.has(60) {
		return false
	}
	f.heading(2, fmt.Sprintf("Section %d. %s", number, capital(topic)))
	if fact := f.fact(); f.has(f.height(fact)) {
		f.text(fact)
	}
	if number%3 == 1 && f.has(14*rowHeight) {
		f.amounts()
	}
	for range 3 + f.r.IntN(3) {
		paragraph := prose(f.r, topic)
		if !f.has(f.height(paragraph)) {
			return false
		}
		f.text(paragraph)
	}
	return true
}

// has reports whether so much room is left before the document's end.
func (f *filler) has(height float64) bool { return f.pdf.PageNo() < f.last || f.fits(height) }

// fact is a sentence of the kind the questions of the corpus ask for, of this
// plan.
func (f *filler) fact() string {
	say := f.line.facts[f.r.IntN(len(f.line.facts))]
	return fmt.Sprintf(say+"%.0[1]s%.0[2]s%.0[3]d", f.plan, dollars(25*(1+f.r.IntN(400))), 2+f.r.IntN(88))
}

// amounts is a table of benefits.
func (f *filler) amounts() {
	var rows [][]string
	for _, k := range f.r.Perm(len(f.line.items))[:min(8, len(f.line.items))] {
		rows = append(rows, []string{f.line.items[k], dollars(5 * (1 + f.r.IntN(400))), fmt.Sprintf("%d%%", shares[f.r.IntN(len(shares))])})
	}
	f.table([]float64{0.5, 0.25, 0.25}, []string{f.line.item, "You pay", "After that"}, rows)
}

func capital(s string) string { return string(s[0]-'a'+'A') + s[1:] }
