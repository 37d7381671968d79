package supabase

import (
	"context"
	"errors"
	"net/http"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// nobodyTold is for accounts whose access tokens live until they expire.
type nobodyTold struct{}

func (nobodyTold) End(context.Context, core.ID, string) error       { return nil }
func (nobodyTold) EndOthers(context.Context, core.ID, string) error { return nil }
func (nobodyTold) Alive(context.Context, ports.Principal) (bool, error) {
	return true, nil
}

// Sessions implements ports.Sessions: the service tells nobody which there are.
func (a *Accounts) Sessions(context.Context, ports.Principal, string) ([]ports.SessionRow, error) {
	return nil, core.Fail(core.CodeNotOffered, nil)
}

// EndSession implements ports.Sessions: the service ends no single other one.
func (a *Accounts) EndSession(context.Context, ports.Principal, string, core.ID) error {
	return core.Fail(core.CodeNotOffered, nil)
}

// EndOthers implements ports.Sessions: here first, so that no token of theirs is
// taken any more even while the service is away, then their refresh tokens.
func (a *Accounts) EndOthers(ctx context.Context, p ports.Principal, accessToken string) error {
	if err := a.ended.EndOthers(ctx, p.User, p.Session); err != nil {
		return err
	}
	return a.endAtService(ctx, "others", accessToken)
}

// Delete implements ports.Closing, with the project's secret key. The account's
// sessions end here once it is gone: until then its person can ask again.
func (a *Accounts) Delete(ctx context.Context, p ports.Principal) error {
	if a.service.value == "" {
		return core.Fail(core.CodeNotOffered, nil)
	}
	r := request{method: http.MethodDelete, path: authPath + "admin/users/" + p.User.String(), header: http.Header{}}
	a.service.apply(r.header)
	err := a.ask(ctx, "delete", maxTries, r, nil)
	var f *refusal
	if err != nil && (!errors.As(err, &f) || f.code != "user_not_found") {
		return err
	}
	return a.ended.EndOthers(ctx, p.User, "")
}
