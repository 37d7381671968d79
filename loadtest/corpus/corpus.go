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
	KindFiller    = "filler"
	KindScan      = "scan"
	KindEncrypted = "encrypted"
	KindBroken    = "broken"
)

// Document is one generated file.
type Document struct {
	Name      string
	Kind      string
	Bytes     []byte
	Pages     int        // of the intact file
	Questions []Question // none for files that cannot be read
	Tables    []Table    // the truth about its tables, in reading order
	Headings  []Heading  // the truth about its headings, in reading order
}

// Question is something a member asks, and where the answer stands.
type Question struct {
	Ask    string
	Page   int    // 1-based
	Answer string // a phrase of that page, whitespace folded
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

// Readable reports whether the document's text can be extracted.
func (d Document) Readable() bool {
	return d.Kind != KindScan && d.Kind != KindEncrypted && d.Kind != KindBroken
}

// All is the whole corpus without filler, in a fixed order.
func All() []Document {
	return []Document{
		Summary(), ExplanationOfBenefits(), Policy(), PolicyLastYear(), DenialLetter(), Formulary(),
		Amendment(), MemberCard(), Scan(), Encrypted(), Broken(),
	}
}
