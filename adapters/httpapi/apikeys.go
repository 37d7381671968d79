package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/danielgtaylor/huma/v2"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

const pathKeys = "/auth/keys"

// keyScope is a scope, as a schema whose words are core's.
type keyScope string

// Schema is the enum of every scope.
func (keyScope) Schema(r huma.Registry) *huma.Schema { return namedEnum(r, "Scope", core.Scopes()) }

// KeyRequest is what a new API key is made of. What the tags do not say of it,
// describeKeyRequest does.
type KeyRequest struct {
	Name   string     `json:"name" minLength:"1" maxLength:"64" doc:"What it is for, in its owner's words" example:"nightly import"`
	Scopes []keyScope `json:"scopes" minItems:"1" maxItems:"4" nullable:"false" doc:"What it may do" example:"[\"documents:write\"]"`
	Days   int        `json:"expires_in_days" minimum:"1" doc:"After which it is good for nothing" example:"90"`
}

// APIKey is an API key, without what would let anybody use it.
type APIKey struct {
	ID         string     `json:"key_id" format:"uuid" doc:"The key's id, for revoking it"`
	Name       string     `json:"name" doc:"What it is for"`
	Hint       string     `json:"hint" doc:"How the key begins" example:"ink_4fR2aB"`
	Scopes     []keyScope `json:"scopes" nullable:"false" doc:"What it may do"`
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  time.Time  `json:"expires_at" doc:"From then on it is refused"`
	LastUsedAt *time.Time `json:"last_used_at" nullable:"true" doc:"Within a minute; null when never"`
}

// MadeAPIKey is a new API key, with the key itself.
type MadeAPIKey struct {
	APIKey
	Secret string `json:"key" doc:"The key itself. It is shown here and never again: only its digest is kept"`
}

// KeyList is one's API keys, the newest first.
type KeyList struct {
	Keys []APIKey `json:"keys" nullable:"false" doc:"One's keys; those that expired stay for a month"`
}

type (
	makeKeyInput  struct{ Body KeyRequest }
	makeKeyOutput struct{ Body MadeAPIKey }
	keysOutput    struct{ Body KeyList }
	keyInput      struct {
		ID string `path:"id" doc:"The key's id" example:"0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f"`
	}
)

func (a *api) registerKeys(h huma.API) {
	tags := []string{"API keys"}
	route(h, huma.Operation{
		OperationID: "make-key", Method: http.MethodPost, Path: pathKeys, Tags: tags, DefaultStatus: http.StatusCreated,
		MaxBodyBytes: a.Limits.MaxBodyBytes + 1,
		Summary:      "Make an API key for a machine",
		Description: fmt.Sprintf("The answer shows the key, once. It is good for its scopes and until it expires or is revoked; at most %d that have not expired, each for at most %d days.",
			a.Limits.MaxAPIKeys, a.keyDays()),
		Errors: []int{400, 408, 409, 413, 415, 422, 503},
	}, a.makeKey)
	route(h, huma.Operation{
		OperationID: "list-keys", Method: http.MethodGet, Path: pathKeys, Tags: tags,
		Summary:     "One's API keys",
		Description: "The newest first, with the day of their last use. The keys themselves are kept nowhere.",
		Errors:      []int{503},
	}, a.listKeys)
	route(h, huma.Operation{
		OperationID: "revoke-key", Method: http.MethodDelete, Path: pathKeys + "/{id}", Tags: tags, DefaultStatus: http.StatusNoContent,
		Summary:     "Revoke an API key",
		Description: "It is refused from the next request on. A key of another account is 404, as an unknown one.",
		Errors:      []int{404, 503},
	}, a.revokeKey)
}

// keyDays is the longest life of a key in whole days.
func (a *api) keyDays() int { return int(a.Limits.APIKeyLife / (24 * time.Hour)) }

// describeKeyRequest puts the longest life into the schema that validates and
// documents new keys, and documents that no scope comes twice. makeKey sees to
// the latter: Huma 2.37 looks for what comes twice before it looks at the types,
// and panics at a list of lists (github.com/danielgtaylor/huma/issues/1042).
func (a *api) describeKeyRequest(doc *huma.OpenAPI) {
	most := float64(a.keyDays())
	fields := doc.Components.Schemas.Map()["KeyRequest"].Properties
	fields["expires_in_days"].Maximum = &most
	fields["expires_in_days"].PrecomputeMessages()
	fields["scopes"].Extensions = map[string]any{"uniqueItems": true}
}

func (a *api) makeKey(ctx context.Context, in *makeKeyInput) (*makeKeyOutput, error) {
	name := strings.TrimSpace(in.Body.Name)
	if name == "" || strings.ContainsFunc(name, unicode.IsControl) {
		return nil, invalid(http.StatusUnprocessableEntity, "body.name", "1 to 64 characters, none of them a control character")
	}
	secret := core.NewAPIKey()
	scopes := make([]core.Scope, 0, len(in.Body.Scopes))
	for _, s := range in.Body.Scopes {
		if slices.Contains(scopes, core.Scope(s)) {
			return nil, invalid(http.StatusUnprocessableEntity, "body.scopes", "each scope once")
		}
		scopes = append(scopes, core.Scope(s))
	}
	digest, _ := core.APIKeyDigest(secret) // of our own making
	kept, err := a.APIKeys.Keep(ctx, callerOf(ctx), ports.NewAPIKey{
		Name: name, Hint: core.APIKeyHint(secret), Digest: digest, Scopes: scopes,
		Life: time.Duration(in.Body.Days) * 24 * time.Hour, Most: a.Limits.MaxAPIKeys,
	})
	if err != nil {
		return nil, err
	}
	return &makeKeyOutput{Body: MadeAPIKey{APIKey: keyOf(kept), Secret: secret}}, nil
}

func (a *api) listKeys(ctx context.Context, _ *noInput) (*keysOutput, error) {
	kept, err := a.APIKeys.Keys(ctx, callerOf(ctx))
	if err != nil {
		return nil, err
	}
	body := KeyList{Keys: make([]APIKey, 0, len(kept))}
	for _, k := range kept {
		body.Keys = append(body.Keys, keyOf(k))
	}
	return &keysOutput{Body: body}, nil
}

func (a *api) revokeKey(ctx context.Context, in *keyInput) (*noOutput, error) {
	id, err := core.ParseID(in.ID)
	if err == nil {
		err = a.APIKeys.Revoke(ctx, callerOf(ctx), id)
	} else {
		err = core.Fail(core.CodeNotFound, nil)
	}
	if core.HasCode(err, core.CodeNotFound) {
		return nil, &refusal{err: core.Fail(core.CodeNotFound, nil), detail: "There is no such key of yours."}
	}
	if err != nil {
		return nil, err
	}
	return &noOutput{}, nil
}

func keyOf(k ports.APIKey) APIKey {
	body := APIKey{
		ID: k.ID.String(), Name: k.Name, Hint: k.Hint, Scopes: make([]keyScope, len(k.Scopes)),
		CreatedAt: k.CreatedAt.UTC(), ExpiresAt: k.ExpiresAt.UTC(), LastUsedAt: momentOf(k.LastUsedAt),
	}
	for i, s := range k.Scopes {
		body.Scopes[i] = keyScope(s)
	}
	return body
}

// momentOf is null for no time.
func momentOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return new(t.UTC())
}
