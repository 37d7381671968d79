package llamaparse_test

import (
	"net/http"
	"testing"

	"github.com/insurance-navigator/navigator/adapters/llamaparse"
	"github.com/insurance-navigator/navigator/core"
)

// FuzzSignature holds that of all headers only the one right signature proves a
// callback, or without any signature the one right token.
func FuzzSignature(f *testing.F) {
	master, attempt, body := []byte("0123456789abcdef0123456789abcdef"), core.ID{15: 7}, []byte(`{"job_id":"j"}`)
	signature := "sha256=" + llamaparse.Sign(llamaparse.Secret(master, attempt), body)
	token := llamaparse.Token(master, attempt)
	f.Add(signature, "", body)
	f.Add(signature+" ", token, body)
	f.Add("SHA256="+signature[7:], token, body)
	f.Add("", token, []byte("anything"))
	f.Add("sha256=", "", []byte{})
	f.Fuzz(func(t *testing.T, given, key string, raw []byte) {
		header := http.Header{}
		if given != "" {
			header.Set(llamaparse.SignatureHeader, given)
		}
		if key != "" {
			header.Set(llamaparse.TokenHeader, key)
		}
		want := given == "sha256="+llamaparse.Sign(llamaparse.Secret(master, attempt), raw) || given == "" && key == token
		if got := llamaparse.Authentic([][]byte{master, nil}, attempt, header, raw); got != want {
			t.Errorf("%q %q over %q: %v", given, key, raw, got)
		}
		if llamaparse.Authentic([][]byte{nil, {}}, attempt, header, raw) {
			t.Errorf("%q %q: proven without a key", given, key)
		}
	})
}
