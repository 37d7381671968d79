package httpapi

import (
	"github.com/danielgtaylor/huma/v2"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// The closed sets of words in answers. Their enums in the OpenAPI document are
// read off core, so that the two cannot differ.
type (
	documentStatus string
	documentStage  string
	problemCode    string
	nextStep       string
)

// What follows a status by itself.
const (
	nextParser  nextStep = "waits_for_parser"
	nextFile    nextStep = "waits_for_file"
	nextWork    nextStep = "continues_by_itself"
	nextRetry   nextStep = "waits_for_retry"
	nextRemoval nextStep = "being_removed"
	nextNothing nextStep = "none"
)

// stageDone is the stage of a document that nothing works on any more and that
// did not fail.
const stageDone = "done"

// Schema is the enum of every status.
func (documentStatus) Schema(r huma.Registry) *huma.Schema {
	return namedEnum(r, "Status", core.Statuses())
}

// Schema is the enum of every stage, and done.
func (documentStage) Schema(r huma.Registry) *huma.Schema {
	return namedEnum(r, "Stage", append([]core.Stage{core.AwaitingFile}, append(core.Stages(), stageDone)...))
}

// Schema is the enum of every code.
func (problemCode) Schema(r huma.Registry) *huma.Schema { return namedEnum(r, "Code", core.Codes()) }

// Schema is the enum of every next step.
func (nextStep) Schema(r huma.Registry) *huma.Schema {
	return namedEnum(r, "NextStep", []nextStep{nextFile, nextParser, nextWork, nextRetry, nextRemoval, nextNothing})
}

// namedEnum keeps the enum once, under a name, so that generated clients have
// one type for it, and answers the way there.
func namedEnum[T ~string](r huma.Registry, name string, words []T) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString}
	for _, word := range words {
		s.Enum = append(s.Enum, string(word))
	}
	s.PrecomputeMessages()
	r.Map()[name] = s
	return &huma.Schema{Ref: schemaPrefix + name}
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

// nextStepFor is what happens without anybody's doing to a document, or to the
// upload that reserved its id: there is nothing to retry of one that failed.
func nextStepFor(s ports.Standing) nextStep {
	switch {
	case s.Reserved && s.Status == core.Uploaded:
		return nextFile
	case s.Reserved, infected(s):
		return nextNothing
	}
	return nextStepOf(s.Status)
}

// nextStepOf is what happens to a document in a status without anybody's doing.
func nextStepOf(status core.Status) nextStep {
	_, retries := core.Retries[status]
	switch {
	case retries:
		return nextRetry
	case status == core.ParseQueued:
		return nextParser
	case status == core.Deleting:
		return nextRemoval
	case status.Terminal():
		return nextNothing
	default:
		return nextWork
	}
}
