package legacy

import (
	"maps"
	"regexp"
	"strings"
	"unicode"
)

// The earlier system joined the pages of a text by blank lines and dropped those
// without text, so a text of several pages does not say where they begin, nor
// that all are there. The file does: each page's own words have to be found
// again, in the pages' order.
const (
	fewestWords = 5   // of a page; one with less, or none, proves nothing
	leastShare  = 0.8 // of a page's own words in its part of the text, and of the part's in the page
)

// split cuts a parsed text into the parts that are the pages, whose text as read
// from the file is given. It fails where any page cannot be proven.
func split(text string, pages []string) (parts []string, ok bool) {
	blocks := paragraphs(text)
	if len(pages) == 0 || len(blocks) < len(pages) {
		return nil, false
	}
	parts = make([]string, len(pages))
	for i, page := range place(blocks, pages) {
		parts[page] += blocks[i]
	}
	read := make([]map[string]bool, len(pages))
	for i, page := range pages {
		read[i] = setOf(wordsOf(page))
	}
	for i, own := range owned(read) {
		said := setOf(wordsOf(parts[i]))
		if len(own) < fewestWords || share(own, said) < leastShare || share(said, read[i]) < leastShare {
			return nil, false
		}
	}
	return parts, true
}

// owned is each page's words without those that most pages have: headers and
// footers, which parsers leave out, and words that prove no page.
func owned(read []map[string]bool) []map[string]bool {
	on := map[string]int{}
	for _, page := range read {
		for word := range page {
			on[word]++
		}
	}
	own := make([]map[string]bool, len(read))
	for i, page := range read {
		own[i] = maps.Clone(page)
		maps.DeleteFunc(own[i], func(word string, _ bool) bool { return len(read) > 2 && on[word] > len(read)/2 })
	}
	return own
}

var blankLine = regexp.MustCompile(`\n[ \t\r]*\n\s*`)

// paragraphs cuts a text at blank lines, which stay with what is before them.
func paragraphs(text string) (blocks []string) {
	from := 0
	for _, at := range blankLine.FindAllStringIndex(text, -1) {
		blocks, from = append(blocks, text[from:at[1]]), at[1]
	}
	if from < len(text) {
		blocks = append(blocks, text[from:])
	}
	return blocks
}

// place gives each block its page: in order, no page without a block, and so
// that as much as can be stands on the page that says it.
func place(blocks, pages []string) []int {
	marks := make([]map[string]bool, len(pages))
	for i, page := range pages {
		marks[i] = marksOf(page)
	}
	weights := weigh(marks)
	best := make([]int, len(pages)) // of the blocks so far, the last on that page
	turned := make([][]bool, len(blocks))
	for b, block := range blocks {
		turned[b] = make([]bool, len(pages))
		own := marksOf(block)
		for p := min(b, len(pages)-1); p >= 0; p-- {
			if p > 0 && (p == b || best[p-1] > best[p]) {
				turned[b][p], best[p] = true, best[p-1]
			}
			for mark := range own {
				if marks[p][mark] {
					best[p] += weights[mark]
				}
			}
		}
	}
	placed := make([]int, len(blocks))
	for b, p := len(blocks)-1, len(pages)-1; b >= 0; b-- {
		if placed[b] = p; turned[b][p] {
			p--
		}
	}
	return placed
}

// marksOf is what a stretch of text is known by: its words, and what words
// follow each other.
func marksOf(text string) map[string]bool {
	words := wordsOf(text)
	marks := setOf(words)
	for i := 1; i < len(words); i++ {
		marks[words[i-1]+" "+words[i]] = true
	}
	return marks
}

// weigh gives a mark of few pages more than one of many. Whole numbers add up to
// the same in any order.
func weigh(pages []map[string]bool) map[string]int {
	weights := map[string]int{}
	for _, page := range pages {
		for mark := range page {
			weights[mark]++
		}
	}
	for mark, n := range weights {
		weights[mark] = 1_000_000 / n
	}
	return weights
}

// share is how much of the first is in the second.
func share(of, in map[string]bool) float64 {
	found := 0
	for word := range of {
		if in[word] {
			found++
		}
	}
	return float64(found) / float64(max(len(of), 1))
}

// wordsOf is the words of a text, without their case and marks.
func wordsOf(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

func setOf(words []string) map[string]bool {
	set := make(map[string]bool, len(words))
	for _, word := range words {
		set[word] = true
	}
	return set
}

// endsOf is the length of the squeezed text up to each page's end.
func endsOf(pages []string) []int {
	ends := make([]int, len(pages))
	end := 0
	for i, page := range pages {
		end += len(squeeze(page))
		ends[i] = end
	}
	return ends
}

// span is the pages that a stretch of the squeezed text lies on, 1-based.
func span(ends []int, from, to int) (first, last int) {
	for first < len(ends)-1 && from >= ends[first] {
		first++
	}
	for last = first; last < len(ends)-1 && to > ends[last]; {
		last++
	}
	return first + 1, last + 1
}
