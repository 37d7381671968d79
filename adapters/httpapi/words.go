package httpapi

import (
	"github.com/danielgtaylor/huma/v2"

	"github.com/insurance-navigator/navigator/core"
)

// The closed sets of words in answers. Their enums in the OpenAPI document are
// read off core, so that the two cannot differ.
type (
	documentStatus string
	documentStage  string
	problemCode    string
)

// stageDone is the stage of a document that nothing works on any more and that
// did not fail.
const stageDone = "done"

// Schema is the enum of every status.
func (documentStatus) Schema(huma.Registry) *huma.Schema { return enumOf(core.Statuses()) }

// Schema is the enum of every stage, and done.
func (documentStage) Schema(huma.Registry) *huma.Schema {
	return enumOf(append(core.Stages(), stageDone))
}

// Schema is the enum of every code.
func (problemCode) Schema(huma.Registry) *huma.Schema { return enumOf(core.Codes()) }

func enumOf[T ~string](words []T) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString}
	for _, word := range words {
		s.Enum = append(s.Enum, string(word))
	}
	return s
}

// stageOf is the stage that works on a document, or that failed on it.
func stageOf(status core.Status, trouble *core.Trouble) documentStage {
	if status.Failed() && trouble != nil {
		return documentStage(trouble.Stage)
	}
	if leg, ok := core.LegFrom(status); ok {
		return documentStage(leg.Stage)
	}
	return stageDone
}
