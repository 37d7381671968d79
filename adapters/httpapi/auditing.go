package httpapi

import (
	"context"
	"net/http"
	"strings"

	"github.com/insurance-navigator/navigator/core"
)

// The services as the audit log calls them.
const (
	serviceAPI     = "api"
	serviceWebhook = "webhook"
)

// record notes a read of documents' content, before any of it is sent: what
// cannot be noted is not answered.
func (a *api) record(ctx context.Context, action core.AuditAction, documents ...core.ID) error {
	caller := callerOf(ctx)
	e := core.AuditEntry{Actor: core.ActorUser, User: caller.User, Action: action, Documents: documents, Outcome: core.AuditDone}
	if !caller.Key.IsZero() {
		e.What = "key:" + caller.Key.String()
	}
	return a.Audit.Record(ctx, e)
}

// recordAct notes what was done to an account, before its answer. Whose account
// it is may not be known: of a sign-up that waits for its mail.
func (a *api) recordAct(ctx context.Context, account core.ID, action core.AuditAction, what string) error {
	e := core.AuditEntry{Actor: core.ActorUser, User: account, Action: action, What: what, Outcome: core.AuditDone}
	if account.IsZero() {
		e.Actor = core.ActorNobody
	}
	return a.Audit.Record(ctx, e)
}

// recordIf is recordAct of the caller's own account where err is nil, and else
// err.
func (a *api) recordIf(ctx context.Context, err error, action core.AuditAction, what string) error {
	if err != nil {
		return err
	}
	return a.recordAct(ctx, callerOf(ctx).User, action, what)
}

// recordSearch notes one row a search, with every document of which something
// is shown.
func (a *api) recordSearch(ctx context.Context, results []SearchResult) error {
	seen, documents := map[string]bool{}, []core.ID{}
	for _, r := range results {
		if id, err := core.ParseID(r.DocumentID); err == nil && !seen[r.DocumentID] {
			seen[r.DocumentID] = true
			documents = append(documents, id)
		}
	}
	return a.record(ctx, core.AuditSearch, documents...)
}

// recordDownload notes a read by an address of ours. Whoever holds it is not
// known, but whose file it is stands in the key.
func (a *api) recordDownload(ctx context.Context, key string) error {
	e := core.AuditEntry{Actor: core.ActorNobody, Action: core.AuditDownload, Outcome: core.AuditDone}
	if user, document := idsOfKey(key); !document.IsZero() {
		e.User, e.Documents = user, []core.ID{document}
	}
	return a.Audit.Record(ctx, e)
}

// idsOfKey is what Key was made of; zero where the key is of another form.
func idsOfKey(key string) (user, document core.ID) {
	owner, rest, _ := strings.Cut(key, "/")
	name, _, _ := strings.Cut(rest, "/")
	var err error
	if user, err = core.ParseID(owner); err == nil {
		document, err = core.ParseID(name)
	}
	if err != nil {
		return core.ID{}, core.ID{}
	}
	return user, document
}

// origin is where the request comes from, as the audit log notes it.
func (d *door) origin(req *request) core.Origin {
	o := core.Origin{Service: d.service, Request: req.id}
	if req.client.IsValid() {
		o.Network = clientKey(req.client)
	}
	return o
}

// noteSecurity counts a refusal that somebody may have provoked to attack. It is
// the one place for all routes: what a handler answers is enough.
func (d *door) noteSecurity(ctx context.Context, r *http.Request, req *request) {
	if d.security == nil || req.code == "" {
		return
	}
	event := core.SecurityEvent{User: req.caller.User, What: string(req.code)}
	if id, ok := documentIn(req.route, r.URL.Path); ok && req.code == core.CodeNotFound && !req.caller.User.IsZero() {
		event.Kind, event.Documents = core.SecurityUnknownID, []core.ID{id}
		d.security.Note(ctx, event)
		return
	}
	kind, ok := core.SecurityOf(req.code)
	if !ok || (req.code == core.CodeUnauthenticated && !req.public && req.token == "") { // nobody claimed to be anybody
		return
	}
	event.Kind = kind
	d.security.Note(ctx, event)
}

// documentIn is the document that a request's path names, by its route.
func documentIn(route, path string) (core.ID, bool) {
	_, template, _ := strings.Cut(route, " ")
	names, values := strings.Split(template, "/"), strings.Split(path, "/")
	if len(names) != len(values) {
		return core.ID{}, false
	}
	for i, name := range names {
		if name == "{id}" {
			id, err := core.ParseID(values[i])
			return id, err == nil && strings.HasPrefix(template, pathDocuments+"/")
		}
	}
	return core.ID{}, false
}
