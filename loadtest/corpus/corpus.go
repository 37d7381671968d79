package corpus

// The kinds of documents. The last three cannot be read, each for its reason.
const (
	KindSummary   = "summary_of_benefits"
	KindEOB       = "explanation_of_benefits"
	KindPolicy    = "policy"
	KindDenial    = "denial_letter"
	KindFormulary = "formulary"
	KindAmendment = "amendment"
	KindCard      = "member_card"
	KindGuide     = "benefits_guide"
	KindFiller    = "filler"
	KindScan      = "scan"
	KindEncrypted = "encrypted"
	KindBroken    = "broken"
)

// The types of files, as a careful reader tells them from their bytes.
const (
	TypePDF  = "application/pdf"
	TypeDOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
)

// Document is one generated file.
type Document struct {
	Name      string
	Kind      string
	Type      string // TypePDF or TypeDOCX
	Bytes     []byte
	Pages     int        // of the intact file
	Questions []Question // none for files that cannot be read
	Tables    []Table    // the truth about its tables, in reading order
	Headings  []Heading  // the truth about its headings, in reading order
	Blocks    []Block    // the truth about all its text but the footers, in reading order
}

// Question is something a member asks, and where the answer stands. Where other
// papers of the kind would answer it too, it names the one that is meant.
type Question struct {
	Ask  string
	Page int // 1-based

	// Answer is a phrase of that page, whitespace folded. Of a table it is the
	// whole row, its cells between " | " as markdown writes them.
	Answer string
}

// Heading is a section's title; level 1 is the largest.
type Heading struct {
	Page  int
	Level int
	Text  string
}

// Table is one table as it was drawn; a table that breaks over pages is one
// Table a page, each with the header.
type Table struct {
	Page   int
	Header []string
	Rows   [][]string
}

// Block is one paragraph, list item or table row, and what is true of any
// passage that quotes it. Headings and table headers are no blocks of their
// own: they are the path and the header of others.
type Block struct {
	Page   int
	Path   []string // the headings it stands under, outermost first
	Header []string // of a table's row; nil for any other block
	Row    []string // the cells of a table's row
	Text   string   // of any other block
}

// Markdown is the block as readers write it: a row between pipes.
func (b Block) Markdown() string {
	if b.Row == nil {
		return b.Text
	}
	return "| " + joinRow(b.Row) + " |"
}

// Readable reports whether the document's text can be extracted.
func (d Document) Readable() bool {
	return d.Kind != KindScan && d.Kind != KindEncrypted && d.Kind != KindBroken
}

// All is the whole corpus without filler, in a fixed order.
func All() []Document {
	return []Document{
		Summary(), ExplanationOfBenefits(), Policy(), PolicyLastYear(), DenialLetter(), Formulary(),
		Amendment(), MemberCard(), Guide(), Scan(), Encrypted(), Broken(),
	}
}
