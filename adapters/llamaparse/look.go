package llamaparse

import (
	"context"
	"net/http"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

var _ ports.Watched = (*Parser)(nil)

// Look implements ports.Watched: it asks for the job without its pages, and
// counts the attempt's files. Nothing is changed there.
func (p *Parser) Look(ctx context.Context, doc core.Document) (core.ProviderState, error) {
	state := core.ProviderState{Job: core.ProviderUnknown}
	files, err := p.ListFiles(ctx, doc.Job.String())
	if err != nil {
		return state, err
	}
	state.Files = len(files)
	if !plausibleID(doc.ProviderJob) {
		return state, nil
	}
	var got jobAnswer
	err = p.do(ctx, call{method: http.MethodGet, path: p.conf.Paths.Parse + "/" + doc.ProviderJob}, &got)
	if err = unless(err, http.StatusNotFound, http.StatusGone); err != nil {
		return state, err
	}
	if job := got.job(); SameID(job.ID, doc.ProviderJob) {
		state.Job = stateOf(job.Status)
	}
	return state, nil
}
