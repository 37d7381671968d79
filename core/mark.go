package core

import "slices"

// Mark is something about a document that whoever reads it, or hands its text
// to a program, should know. No mark keeps a document out: what does that is an
// error. The set is closed.
type Mark string

// The marks of a file: what is in it beside pages. Nothing here runs or opens
// any of it.
const (
	MarkJavaScript   Mark = "javascript"     // scripts
	MarkOpenAction   Mark = "open_action"    // something happens when it is opened; often but a first view
	MarkLaunch       Mark = "launch"         // starts a program, or opens another file
	MarkEmbeddedFile Mark = "embedded_file"  // attachments
	MarkRichMedia    Mark = "rich_media"     // video, sound or 3D
	MarkSubmitForm   Mark = "submit_form"    // sends what is filled in to an address, or takes it from one
	MarkRemoteGoTo   Mark = "remote_goto"    // leads into another file
	MarkURI          Mark = "uri_action"     // links to addresses; most files have some
	MarkXFA          Mark = "xfa"            // a form that most readers do not show
	MarkRestricted   Mark = "restricted"     // encrypted, and opens without a password
	MarkUnreadable   Mark = "unread_objects" // parts that were not looked into: active content may be there
	MarkHeaderOffset Mark = "header_offset"  // something stands before the PDF begins
	MarkTrailingData Mark = "trailing_data"  // something stands behind its end
	MarkPolyglotHTML Mark = "polyglot_html"  // some programs take it for a web page
	MarkPolyglotZIP  Mark = "polyglot_zip"   // some programs take it for an archive
)

// The marks of a text: it is data, and may want to be taken for more.
const (
	MarkAddressesModel   Mark = "addresses_model"   // it speaks to a language model, not to a reader
	MarkHiddenCharacters Mark = "hidden_characters" // characters that nobody sees
	MarkRemoteImage      Mark = "remote_image"      // a picture whose address would carry data out
)

// FileMarks lists the marks of files, in the order in which they are told.
func FileMarks() []Mark {
	return []Mark{
		MarkJavaScript, MarkOpenAction, MarkLaunch, MarkEmbeddedFile, MarkRichMedia, MarkSubmitForm, MarkRemoteGoTo, MarkURI, MarkXFA,
		MarkRestricted, MarkUnreadable, MarkHeaderOffset, MarkTrailingData, MarkPolyglotHTML, MarkPolyglotZIP,
	}
}

// TextMarks lists the marks of texts likewise.
func TextMarks() []Mark {
	return []Mark{MarkAddressesModel, MarkHiddenCharacters, MarkRemoteImage}
}

// Marks lists every mark, those of files first.
func Marks() []Mark { return append(FileMarks(), TextMarks()...) }

// SortMarks is each of the marks once, in the order in which they are told; a
// word that is none of them is left out. It is never nil.
func SortMarks(found []Mark) []Mark {
	sorted := []Mark{}
	for _, mark := range Marks() {
		if slices.Contains(found, mark) {
			sorted = append(sorted, mark)
		}
	}
	return sorted
}
