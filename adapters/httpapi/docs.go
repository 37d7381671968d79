package httpapi

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/insurance-navigator/navigator/adapters/httpapi/apidoc"
)

// serveDocs serves the page for people. Its policy lets its own style in, by
// hash; the rest stays as closed as everywhere.
func serveDocs(mux *http.ServeMux, doc *huma.OpenAPI) {
	answer := made("text/html; charset=utf-8", func() ([]byte, error) { return apidoc.Render(doc) })
	mux.HandleFunc("GET "+pathDocs, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", apidoc.Policy())
		answer(w, r)
	})
}
