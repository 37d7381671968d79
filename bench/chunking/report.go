package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// report is what a run found.
type report struct {
	material    *material
	results     []result
	skipped     string
	distractors int
}

// write puts the report to a file, or to the standard output.
func write(out string, r report) error {
	if out == "-" {
		fmt.Print(r)
		return nil
	}
	return os.WriteFile(out, []byte(r.String()), 0o644) //nolint:gosec // a page of the documentation
}

const opening = `# Chunking: what was compared, and why the default is what it is

Written by ` + "`go run ./bench/chunking`" + ` (needs ` + "`make pdfium`" + `, and node and npm for LangChain). Everything is generated
from fixed seeds, so that a second run gives the same scores; speeds differ with the machine.

`

func (r report) String() string {
	var b strings.Builder
	b.WriteString(opening)
	r.writeMaterial(&b)
	r.writeScores(&b)
	r.writeSpeeds(&b)
	b.WriteString(closing)
	return b.String()
}

func (r report) writeMaterial(b *strings.Builder) {
	fmt.Fprintf(b, "## What was asked\n\n- **Documents**: %s.\n", r.material.profile())
	fmt.Fprintf(b, `- **Papers**: the readable ones of `+"`loadtest/corpus`"+`: summary of benefits, explanation of benefits, this and last year's
  policy of 40 pages, denial letter, formulary, amendment, card, enrollment guide (DOCX). Each question has one page.
- **Other contracts**: %d pages of `+"`corpus.Distractors`"+`, with the same vocabulary and other plans, years and amounts.
- **Parsing**: pdftext, once; every splitter cuts the same pages. LangChain's are handed one page at a time, as its loaders
  do, since their chunks would have no page otherwise.
- **Vectors**: those of the fake embedder, over HTTP and through the production adapter; they know words and pairs of words and
  no synonyms, so the scores compare ways to cut and do not say what a real model would reach. **Search**: exact, by vectors alone.
- **Page in first n**: the share of questions for which one of the first n passages holds the answering page. **Answer in
  first n** also asks that the passage itself holds the answer's words. MRR is of the page.

`, r.distractors)
	if r.skipped != "" {
		fmt.Fprintf(b, "> **Skipped**: %s.\n\n", r.skipped)
	}
}

func (r report) writeScores(b *strings.Builder) {
	b.WriteString("## Scores\n\n| Splitter | Passages | Mean bytes | Page in first 1 | 3 | 5 | MRR | Answer in first 1 | 3 | 5 |\n")
	b.WriteString("| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |\n")
	for _, x := range r.results {
		fmt.Fprintf(b, "| %s | %d | %.0f | %.3f | %.3f | %.3f | %.3f | %.3f | %.3f | %.3f |\n", x.name, x.passages, x.mean,
			x.hits[0], x.hits[1], x.hits[2], x.mrr, x.quoted[0], x.quoted[1], x.quoted[2])
	}
	for _, x := range r.results {
		if strings.HasSuffix(x.name, "(default)") {
			fmt.Fprintf(b, "| drawn blindly from the default's | %d | | %.4f | %.4f | %.4f | | | | |\n", x.passages, x.random[0], x.random[1], x.random[2])
		}
	}
	b.WriteString("\n")
}

// writeSpeeds tells each rate beside that of LangChain's splitter that counts
// in the same unit at the nearest size.
func (r report) writeSpeeds(b *strings.Builder) {
	fmt.Fprintf(b, "## Speed\n\nCutting alone, of all %.1f MB at once, in the same run (%s, %s): the quickest of three passes, but one pass for\nLangChain's by tokens. The machine is shared, so the ratios say more than the rates.\n\n",
		float64(r.material.bytes)/1e6, runtime.Version(), runtime.GOARCH)
	b.WriteString("| Splitter | Counts | MB/s | Beside RecursiveCharacter 2000/250, or 512/64 tokens |\n| --- | --- | --: | --: |\n")
	yard := map[bool]float64{}
	for _, x := range r.results {
		if x.name == yardsticks[x.chars] {
			yard[x.chars] = x.rate
		}
	}
	for _, x := range r.results {
		unit, beside := map[bool]string{true: "characters", false: "tokens"}[x.chars], "not measured"
		if yard[x.chars] > 0 {
			beside = fmt.Sprintf("%.2f times", x.rate/yard[x.chars])
		}
		fmt.Fprintf(b, "| %s | %s | %.1f | %s |\n", x.name, unit, x.rate, beside)
	}
	b.WriteString("\n")
}

// yardsticks are LangChain's splitters whose speed is 1: by characters, and by
// tokens.
var yardsticks = map[bool]string{
	true:  "LangChain RecursiveCharacterTextSplitter, 2000/250 characters",
	false: "LangChain RecursiveCharacterTextSplitter, 512/64 tokens",
}

const closing = `## What follows

- **Context is embedded.** Above each piece's text stand the line that the document repeats on its pages (or its first heading)
  and the section path; neither is shown. It raises the share of answering pages in the first three at every size, and costs
  at most 48 tokens of a piece. Most passages of two years of one policy have no other word that tells which year they are of.
- **The default is 800 tokens, an overlap of 100 and a context of 48.** It was 512/64 without context. A section of a policy is
  about a page, and a table of benefits as long: at 800 they stay whole, so that the passage which names the subject also holds the
  answer. 1200 tokens find no more in the first three and make longer passages to read; 256 tokens cost three times as many vectors.
- **LangChain's splitters** know neither the section nor the document, and cut long tables from their headers.

What is weak: vectors of words alone miss paraphrases, so these scores are low in themselves; the questions are the generator's.
What a piece promises (pages, path, table header, order, nothing lost, the limit) is tested in ` + "`bench/chunking/truth_test.go`" + `
over what pdftext reads and over markdown, and in ` + "`core/chunker`" + `.
`
