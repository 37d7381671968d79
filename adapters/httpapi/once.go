package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

const (
	headerKey      = "Idempotency-Key"
	headerReplayed = "Idempotent-Replayed"
)

// keys is what requests under an idempotency key need.
type keys struct {
	store  ports.Idempotency
	routes map[string]bool // those that take a key; others read over the header
	limits Limits
	logger *slog.Logger
}

// once is one request under an idempotency key, from its claim to its answer.
// One goroutine owns it.
type once struct {
	*keys
	*vault
	req    *request
	asked  [3]string // method, path and query, as they came
	hold   ports.KeyHold
	runs   bool        // the run was granted to us, and is not settled yet
	answer *keptAnswer // what stands under the key already
	cancel context.CancelFunc
}

// open reads the header; nil says the request has none, or its route needs
// none. It refuses what is no key, before a byte of the body is read.
func (k *keys) open(r *http.Request, req *request) (*once, error) {
	if asked, _ := asksQuote(r); asked || k == nil || !k.routes[req.route] || len(r.Header.Values(headerKey)) == 0 {
		return nil, nil //nolint:nilnil // without a key there is nothing to open
	}
	key, ok := idempotencyKey(r.Header)
	if !ok {
		return nil, invalid(http.StatusBadRequest, "header."+headerKey,
			"one UUID of 36 characters other than the nil UUID, bare or in double quotes")
	}
	v, err := newVault(req.caller.User, key)
	if err != nil {
		return nil, core.Fail(core.CodeInternal, err)
	}
	req.once = &once{
		keys: k, vault: v, req: req, cancel: func() {},
		asked: [3]string{r.Method, r.URL.EscapedPath(), r.URL.RawQuery},
	}
	return req.once, nil
}

// idempotencyKey takes the key out of the one header.
func idempotencyKey(h http.Header) (core.ID, bool) {
	values := h.Values(headerKey)
	if len(values) != 1 {
		return core.ID{}, false
	}
	text := values[0]
	if bare, quoted := strings.CutPrefix(text, `"`); quoted {
		text, quoted = strings.CutSuffix(bare, `"`)
		if !quoted {
			return core.ID{}, false
		}
	}
	key, err := core.ParseID(text)
	return key, err == nil && !key.IsZero()
}

// serve runs the request unless its answer is known, and sends the answer when
// it is kept. A route that reads its body itself claims the key when the body
// has arrived, by claimed; one that never does has no effect worth a claim.
func (o *once) serve(w http.ResponseWriter, r *http.Request, bodyRead bool, next http.Handler) {
	answer := newCapture(w, o.limits.MaxKeptAnswer)
	ctx, err := r.Context(), error(nil)
	defer func() { // only after a panic is anything left to do
		o.release(ctx, true)
		o.cancel()
	}()
	if bodyRead {
		ctx, err = o.claim(ctx, o.req.body)
	}
	if err != nil {
		fail(answer, r, err)
	} else {
		next.ServeHTTP(answer, r.WithContext(ctx))
	}
	if o.answer != nil {
		answer.replay(*o.answer)
		o.req.code, o.req.cause = o.answer.Code, nil
	}
	o.settle(ctx, answer)
	_ = answer.send() // a client that left is no error of ours
}

// claim asks for the run. The context it gives ends while the lease still
// holds, so that no two runs are alive at once. After an error the request must
// have no effect; where an answer is known already, serve sends that.
func (o *once) claim(ctx context.Context, arrived ...[]byte) (context.Context, error) {
	parts := [][]byte{[]byte(o.asked[0]), []byte(o.asked[1]), []byte(o.asked[2])}
	// A client that leaves now must not leave a claim that nobody knows of.
	firm, cancel := o.firmly(ctx)
	defer cancel()
	hold, err := o.store.Claim(firm, ports.KeyUse{
		Key: o.row, Fingerprint: o.fingerprint(append(parts, arrived...)...),
		Lease: o.limits.KeyLease, Life: o.limits.KeyLife,
	})
	if errors.Is(err, context.DeadlineExceeded) {
		err = core.Fail(core.CodeDatabaseUnavailable, err)
	}
	if err != nil {
		return ctx, err
	}
	if hold.Answer != nil {
		answer, err := o.vault.open(hold.Answer)
		if err != nil {
			return ctx, err
		}
		o.answer = &answer
		return ctx, core.Fail(core.CodeConflict, nil)
	}
	o.hold, o.runs = hold, true
	ctx, o.cancel = context.WithTimeout(ctx, o.limits.KeyLease/2)
	return ctx, nil
}

// keeps reports whether an answer of the status stands for all repetitions. The
// others say that trying again may end otherwise.
func keeps(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	}
	return status < http.StatusInternalServerError
}

// settle stores the run's answer, or frees the key. A store that fails leaves
// the claim to its lease: the answer is sent all the same, for the request had
// its effect.
func (o *once) settle(ctx context.Context, answer *capture) {
	if !o.runs {
		return
	}
	kept := answer.kept()
	if !keeps(kept.Status) {
		o.release(ctx, kept.Status >= http.StatusInternalServerError)
		return
	}
	o.runs = false
	kept.Code = o.req.code
	sealed, err := o.vault.close(kept)
	switch {
	case answer.sent:
		err = core.Fail(core.CodeInternal, nil) // larger than any answer that is kept
	case err == nil:
		err = o.insist(ctx, func(ctx context.Context) error { return o.store.Keep(ctx, o.row, o.hold.Run, sealed, o.limits.KeyLife) })
	}
	o.note(ctx, "idempotency answer not kept", err)
}

// release frees the key where the run is still ours.
func (o *once) release(ctx context.Context, inDoubt bool) {
	if !o.runs {
		return
	}
	o.runs = false
	o.note(ctx, "idempotency key not released", o.insist(ctx, func(ctx context.Context) error { return o.store.Release(ctx, o.row, o.hold.Run, inDoubt) }))
}

// insistEvery is between two tries to end a claim.
const insistEvery = 200 * time.Millisecond

// insist calls until the store is reached or the cleanup's time is over: a
// database that restarts is back in seconds, and a claim that was not ended
// would refuse the client's own repetition for minutes.
func (o *once) insist(ctx context.Context, call func(context.Context) error) error {
	firm, cancel := o.firmly(ctx)
	defer cancel()
	for {
		err := call(firm)
		if err == nil || core.AsError(err).Kind != core.Transient {
			return err
		}
		select {
		case <-firm.Done():
			return err
		case <-time.After(insistEvery):
		}
	}
}

// firmly outlives the client, but not by long.
func (o *once) firmly(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), o.limits.CleanupTime)
}

func (o *once) note(ctx context.Context, message string, err error) {
	if err == nil {
		return
	}
	o.logger.LogAttrs(ctx, slog.LevelWarn, message,
		slog.String("request_id", o.req.id.String()), slog.String("route", o.req.route),
		slog.String("error_class", string(core.AsError(err).Code)))
}

// claimed claims the key of an upload that has arrived. Its fingerprint is of
// what arrived: the boundaries around it differ from one attempt to the next.
func claimed(ctx context.Context, file *arrival) (context.Context, error) {
	req := requestOf(ctx)
	if req == nil || req.once == nil {
		return ctx, nil
	}
	return req.once.claim(ctx, file.Sum[:], []byte(file.name), []byte(file.declared), []byte(file.policy))
}

// reserved is the id for what the request makes, and whether an earlier run of
// the same request may have made it.
func reserved(ctx context.Context) (id core.ID, again bool) {
	if req := requestOf(ctx); req != nil && req.once != nil && req.once.runs {
		return req.once.hold.Resource, req.once.hold.Run > 1
	}
	return core.NewID(), false
}
