package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// The addresses that older clients use. Each leads to the code of the modern
// one, named in its description.
const (
	pathSignUpAlias = "/register"
	pathLoginAlias  = "/login"
	pathUserAlias   = "/me"
	pathSearchAlias = "/search-documents"
)

// legacy marks an operation that answers 400 to what others answer 422.
const legacy = "legacy"

// asBefore is the status of Huma's own refusals.
func asBefore(op *huma.Operation, status int) int {
	if op != nil && op.Metadata[legacy] == true && status == http.StatusUnprocessableEntity {
		return http.StatusBadRequest
	}
	return status
}

func (a *api) registerAliases(h huma.API) {
	tags := []string{"Older clients"}
	alias := func(id, method, path, summary, modern string, errors ...int) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: method, Path: path, Tags: tags, Deprecated: true, Summary: summary,
			Description: "The same as " + modern + ", for clients that use this address.", Errors: errors,
			MaxBodyBytes: a.Limits.MaxBodyBytes + 1, Metadata: map[string]any{legacy: true},
		}
	}
	route(h, alias("register", http.MethodPost, pathSignUpAlias, "Make an account", "POST /auth/signup; the consent may be left out",
		400, 408, 409, 413, 415, 503), a.registerOld)
	route(h, alias("log-in-old", http.MethodPost, pathLoginAlias, "Sign in", "POST /auth/login",
		400, 401, 403, 408, 413, 415, 503), a.loginOld)
	route(h, alias("get-me", http.MethodGet, pathUserAlias, "One's own account", "GET /auth/user", 404, 503), a.profile)
	route(h, alias("search-old", http.MethodPost, pathSearchAlias, "Search in one's own documents", "POST /search",
		400, 408, 413, 415, 422, 503), a.searchOld)
	a.describeSearchOld(h.OpenAPI())
	route(h, huma.Operation{
		OperationID: "get-root", Method: http.MethodGet, Path: "/" + onlyHere, Tags: []string{"Health"},
		Summary: "Who answers here", Description: "The service's name and version.", Errors: []int{500},
	}, a.root)
	root := h.OpenAPI().Paths["/"+onlyHere]
	root.Get.Path = "/"
	h.OpenAPI().Paths["/"] = root
	delete(h.OpenAPI().Paths, "/"+onlyHere)
}

type rootOutput struct{ Body Greeting }

// Greeting says who answers.
type Greeting struct {
	Message string `json:"message" example:"Insurance Navigator API 0f3c2a1b"`
}

func (a *api) root(context.Context, *noInput) (*rootOutput, error) {
	return &rootOutput{Body: Greeting{Message: "Insurance Navigator API " + a.Version}}, nil
}

// OldSignUp is what older clients send for an account. They may send more, and
// leave out what is not asked for here.
type OldSignUp struct {
	_                struct{} `additionalProperties:"true"`
	Email            string   `json:"email,omitempty" maxLength:"254" doc:"Required" example:"ada@example.org"`
	Password         string   `json:"password,omitempty" doc:"Required" example:"correct horse battery staple"`
	Name             string   `json:"name,omitempty" maxLength:"200" example:"Ada"`
	FullName         string   `json:"full_name,omitempty" maxLength:"200" doc:"Read where name is not sent"`
	ConsentVersion   string   `json:"consent_version,omitempty" maxLength:"64"`
	ConsentTimestamp string   `json:"consent_timestamp,omitempty" maxLength:"64"`
}

// OldLogin is what older clients sign in with.
type OldLogin struct {
	_        struct{} `additionalProperties:"true"`
	Email    string   `json:"email,omitempty" maxLength:"254" doc:"Required" example:"ada@example.org"`
	Password string   `json:"password,omitempty" doc:"Required" example:"correct horse battery staple"`
}

type (
	oldSignUpInput struct{ Body OldSignUp }
	oldLoginInput  struct{ Body OldLogin }
)

func (a *api) registerOld(ctx context.Context, in *oldSignUpInput) (*signUpOutput, error) {
	if err := required(in.Body.Email, in.Body.Password); err != nil {
		return nil, err
	}
	name := in.Body.Name
	if name == "" {
		name = in.Body.FullName
	}
	out, err := a.signUp(ctx, &signUpInput{Body: SignUpRequest{
		Email: in.Body.Email, Password: in.Body.Password, Name: name,
		ConsentVersion: in.Body.ConsentVersion, ConsentTimestamp: in.Body.ConsentTimestamp,
	}})
	if err == nil && out.Status == http.StatusCreated {
		out.Status = http.StatusOK // as before
	}
	return out, err
}

func (a *api) loginOld(ctx context.Context, in *oldLoginInput) (*sessionOutput, error) {
	if err := required(in.Body.Email, in.Body.Password); err != nil {
		return nil, err
	}
	return a.login(ctx, &loginInput{Body: LoginRequest{Email: in.Body.Email, Password: in.Body.Password}})
}

// required refuses as before what was left out.
func required(email, password string) error {
	switch {
	case email == "":
		return invalid(http.StatusBadRequest, "body.email", "required")
	case password == "":
		return invalid(http.StatusBadRequest, "body.password", "required")
	}
	return nil
}

type oldSearchOutput struct{ Body OldResults }

// OldResults is the passages found, as older clients read them.
type OldResults struct {
	Success bool        `json:"success"`
	Query   string      `json:"query"`
	Total   int         `json:"total_results"`
	Results []OldResult `json:"results" nullable:"false"`
}

// OldResult is one passage.
type OldResult struct {
	DocumentID string      `json:"document_id" format:"uuid"`
	Text       string      `json:"text"`
	Filename   string      `json:"filename"`
	Similarity float64     `json:"similarity_score" minimum:"-1" maximum:"1"`
	Metadata   OldMetadata `json:"metadata"`
}

// OldMetadata is what is known of the passage's document.
type OldMetadata struct {
	Filename    string    `json:"filename"`
	FileSize    int64     `json:"file_size"`
	ContentType string    `json:"content_type"`
	ChunkLength int       `json:"chunk_length" doc:"Characters of the passage"`
	TotalChunks int       `json:"total_chunks"`
	UploadedAt  time.Time `json:"uploaded_at"`
}

// searchOld is the search, with what older clients show of each document. One
// that was deleted between the two looks is left out.
func (a *api) searchOld(ctx context.Context, in *rawInput) (*oldSearchOutput, error) {
	request, err := a.oldSearch(in.r)
	if err != nil {
		return nil, err
	}
	found, err := a.search(ctx, &searchInput{Body: request})
	if err != nil {
		return nil, err
	}
	standings, err := a.standingsOf(ctx, found.Body.Results)
	if err != nil {
		return nil, err
	}
	body := OldResults{Success: true, Query: request.Query, Results: []OldResult{}}
	for _, r := range found.Body.Results {
		if s, there := standings[r.DocumentID]; there {
			body.Results = append(body.Results, oldResultOf(r, s))
		}
	}
	body.Total = len(body.Results)
	return &oldSearchOutput{Body: body}, nil
}

func (a *api) standingsOf(ctx context.Context, results []SearchResult) (map[string]ports.Standing, error) {
	standings := make(map[string]ports.Standing, len(results))
	ids := make([]core.ID, 0, len(results))
	for _, r := range results {
		if _, known := standings[r.DocumentID]; known {
			continue
		}
		id, err := core.ParseID(r.DocumentID)
		if err != nil {
			return nil, core.Fail(core.CodeInternal, err)
		}
		ids, standings[r.DocumentID] = append(ids, id), ports.Standing{}
	}
	clear(standings)
	if len(ids) == 0 {
		return standings, nil
	}
	found, err := a.Library.Standings(ctx, callerOf(ctx), ids)
	for _, s := range found {
		standings[s.Document.String()] = s
	}
	return standings, err
}
