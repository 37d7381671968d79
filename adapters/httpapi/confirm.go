package httpapi

import (
	"html/template"
	"net/http"

	"github.com/insurance-navigator/navigator/core"
)

// PathConfirm is the page that a mail's link leads to where no client asked for
// an address of its own. It is no operation of the document: people come to it.
const PathConfirm = "/auth/confirm"

const (
	confirmPage = "GET " + PathConfirm
	confirmForm = "POST " + PathConfirm
)

// The page asks before it acts: what opens links to look at them, as mail
// scanners do, confirms nobody's address.
var (
	confirmAsks = template.Must(template.New("").Parse(`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Confirm your address</title></head>
<body><h1>Confirm your e-mail address</h1><p>Go on only if you made an Insurance Navigator account.</p>
<form method="post" action="` + PathConfirm + `"><input type="hidden" name="token" value="{{.}}"><button>Confirm</button></form></body></html>
`))
	confirmTells = template.Must(template.New("").Parse(`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Confirm your address</title></head>
<body><h1>{{.}}</h1></body></html>
`))
)

// What the page says at the end.
const (
	confirmed    = "Your address is confirmed. You can sign in now."
	notConfirmed = "This link is not valid, or no longer. Ask for another mail where you signed up."
)

// serveConfirm adds the page where accounts mail such links.
func (a *api) serveConfirm(mux *http.ServeMux) {
	if a.Confirm == nil {
		return
	}
	mux.HandleFunc(confirmPage, func(w http.ResponseWriter, r *http.Request) {
		htmlPage(http.StatusOK, confirmAsks, r.URL.Query().Get("token"))(w, r)
	})
	mux.HandleFunc(confirmForm, func(w http.ResponseWriter, r *http.Request) {
		err := a.Confirm(r.Context(), r.PostFormValue("token"))
		switch {
		case err == nil:
			htmlPage(http.StatusOK, confirmTells, confirmed)(w, r)
		case core.HasCode(err, core.CodeBadSignInCode):
			htmlPage(http.StatusBadRequest, confirmTells, notConfirmed)(w, r)
		default:
			fail(w, r, err)
		}
	})
}

// htmlPage answers a page without style or script; the policy of every answer holds
// for it, but that its form leads here alone.
func htmlPage(status int, page *template.Template, word string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		_ = page.Execute(w, word) // a client that is gone needs no page
	}
}
