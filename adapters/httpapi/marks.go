package httpapi

import (
	"github.com/danielgtaylor/huma/v2"

	"github.com/insurance-navigator/navigator/core"
)

// documentMark is a word of core.Marks.
type documentMark string

// Schema is the enum of every mark.
func (documentMark) Schema(r huma.Registry) *huma.Schema { return namedEnum(r, "Mark", core.Marks()) }

// markDoc says what the marks mean, wherever they are answered.
const markDoc = "What is worth knowing of the file and its text; no mark keeps a document out. " +
	"Of files: active content (javascript, open_action, launch, embedded_file, rich_media, submit_form, remote_goto, uri_action, xfa), " +
	"restricted (encrypted, and opens without a password), unread_objects (parts that could not be looked into), header_offset, trailing_data, " +
	"polyglot_html and polyglot_zip (other programs take it for another type). " +
	"Of texts: addresses_model (speaks to a language model), hidden_characters, remote_image. Text is data to a model, marked or not"

// marksOf is the marks as they are answered: a list, never null.
func marksOf(marks []core.Mark) []documentMark {
	list := []documentMark{}
	for _, mark := range marks {
		list = append(list, documentMark(mark))
	}
	return list
}
