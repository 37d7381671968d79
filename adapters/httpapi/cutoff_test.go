package httpapi

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// waiting looks at a credential until its context ends, as one does whose
// sessions are in a database that does not answer.
type waiting struct {
	*memAPIKeys
	begun chan struct{}
}

func (w waiting) ends(ctx context.Context) (ports.Principal, error) {
	w.begun <- struct{}{}
	<-ctx.Done()
	return ports.Principal{}, ctx.Err()
}

func (w waiting) Verify(ctx context.Context, _ string) (ports.Principal, error) { return w.ends(ctx) }

func (w waiting) Bearer(ctx context.Context, _ [32]byte) (ports.Principal, error) {
	return w.ends(ctx)
}

// A credential that is being looked at when a stop cuts its request off is not
// refused: whoever shows it is told to come back, and nobody is suspected.
func TestACredentialThatIsCutOffIsNotRefused(t *testing.T) {
	t.Parallel()
	for credential, method := range map[string]string{adaToken: "token", core.NewAPIKey(): "api_key"} {
		held := waiting{newAPIKeys(), make(chan struct{})}
		b := newBench(t, func(d *APIDeps) { d.Verifier, d.APIKeys = held, held })
		ctx, cut := context.WithCancelCause(t.Context())
		request := httptest.NewRequestWithContext(ctx, http.MethodGet, "/documents", nil)
		request.Header.Set("Authorization", "Bearer "+credential)
		go func() {
			<-held.begun
			cut(core.Wait(core.CodeNotReady, 2*time.Second, context.Canceled))
		}()
		recorder := httptest.NewRecorder()
		b.server.Config.Handler.ServeHTTP(recorder, request)
		answer := reply{recorder.Code, recorder.Header(), recorder.Body.Bytes()}
		answer.problem(t, http.StatusServiceUnavailable, string(core.CodeNotReady))
		if after, challenged := answer.header.Get("Retry-After"), answer.header.Get("WWW-Authenticate"); after != "2" || challenged != "" {
			t.Errorf("%s: Retry-After %q, WWW-Authenticate %q", method, after, challenged)
		}
		if got, want := b.observed("GET /documents").Proof, (Proof{method, "unavailable"}); got != want {
			t.Errorf("the proof is told as %+v, want %+v", got, want)
		}
		if b.audit.events != nil {
			t.Errorf("%s: security is told of %v", method, b.audit.events)
		}
	}
}
