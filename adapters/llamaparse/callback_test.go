package llamaparse_test

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // a forger's choice
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/insurance-navigator/navigator/adapters/llamaparse"
	"github.com/insurance-navigator/navigator/core"
)

const event = `{"event_id":"e1","event_type":"parse.success","data":{"id":"pjb-1","job_id":"pjb-1"}}`

func signature(master []byte, attempt core.ID, body string) string {
	return "sha256=" + llamaparse.Sign(llamaparse.Secret(master, attempt), []byte(body))
}

func TestC13_UnsignedCallbackIsRefused(t *testing.T) {
	t.Parallel()
	attempt, other := core.NewID(), core.NewID()
	good := signature(master, attempt, event)
	token := llamaparse.Token(master, attempt)
	with := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Add(pairs[i], pairs[i+1])
		}
		return h
	}
	sha1Of := hmac.New(sha1.New, []byte(llamaparse.Secret(master, attempt)))
	sha1Of.Write([]byte(event))
	for _, c := range []struct {
		name   string
		header http.Header
		body   string
		want   bool
	}{
		{"right signature", with("LC-Signature", good), event, true},
		{"right token, unsigned", with("X-Callback-Token", token), event, true},
		{"right signature, wrong token", with("LC-Signature", good, "X-Callback-Token", "x"), event, true},
		{"string body, signed as sent", with("LC-Signature", signature(master, attempt, `"{}"`)), `"{}"`, true},
		{"no header", with(), event, false},
		{"empty signature", with("LC-Signature", ""), event, false},
		{"empty signature beside the token", with("LC-Signature", "", "X-Callback-Token", token), event, false},
		{"wrong signature beside the token", with("LC-Signature", "sha256="+strings.Repeat("0", 64), "X-Callback-Token", token), event, false},
		{"no prefix", with("LC-Signature", strings.TrimPrefix(good, "sha256=")), event, false},
		{"another algorithm's prefix", with("LC-Signature", strings.Replace(good, "sha256", "sha512", 1)), event, false},
		{"SHA-1", with("LC-Signature", "sha1="+hex.EncodeToString(sha1Of.Sum(nil))), event, false},
		{"upper-case hex", with("LC-Signature", "sha256="+strings.ToUpper(strings.TrimPrefix(good, "sha256="))), event, false},
		{"truncated", with("LC-Signature", good[:40]), event, false},
		{"longer", with("LC-Signature", good+"00"), event, false},
		{"other attempt's secret", with("LC-Signature", signature(master, other, event)), event, false},
		{"other attempt's token", with("X-Callback-Token", llamaparse.Token(master, other)), event, false},
		{"other master", with("LC-Signature", signature([]byte("another"), attempt, event)), event, false},
		{"body changed by a byte", with("LC-Signature", good), strings.Replace(event, "success", "Success", 1), false},
		{"body longer by a blank", with("LC-Signature", good), event + " ", false},
		{"JSON written anew", with("LC-Signature", good), strings.ReplaceAll(event, ":", ": "), false},
		{"empty body", with("LC-Signature", good), "", false},
		{"signature twice", with("LC-Signature", good, "LC-Signature", good), event, false},
		{"token twice", with("X-Callback-Token", token, "X-Callback-Token", token), event, false},
		{"huge signature", with("LC-Signature", "sha256="+strings.Repeat("a", 1<<20)), event, false},
		{"huge token", with("X-Callback-Token", strings.Repeat("a", 1<<20)), event, false},
		{"empty token", with("X-Callback-Token", ""), event, false},
		{"token cut short", with("X-Callback-Token", token[:32]), event, false},
		{"secret in place of the token", with("X-Callback-Token", llamaparse.Secret(master, attempt)), event, false},
		{"token as the secret", with("LC-Signature", "sha256="+llamaparse.Sign(token, []byte(event))), event, false},
		{"empty secret", with("LC-Signature", "sha256="+llamaparse.Sign("", []byte(event))), event, false},
		{"predecessor's header", with("X-Webhook-Signature", strings.TrimPrefix(good, "sha256=")), event, false},
	} {
		if got := llamaparse.Authentic([][]byte{master}, attempt, c.header, []byte(c.body)); got != c.want {
			t.Errorf("%s: got %v", c.name, got)
		}
	}
}

func TestC13_RotationTakesCurrentAndFormerMaster(t *testing.T) {
	t.Parallel()
	attempt := core.NewID()
	former := []byte("the master of last year, still good")
	masters := [][]byte{master, former}
	for _, m := range masters {
		h := http.Header{"Lc-Signature": {signature(m, attempt, event)}}
		if !llamaparse.Authentic(masters, attempt, h, []byte(event)) {
			t.Errorf("%s: signature refused", m)
		}
		h = http.Header{"X-Callback-Token": {llamaparse.Token(m, attempt)}}
		if !llamaparse.Authentic(masters, attempt, h, []byte(event)) {
			t.Errorf("%s: token refused", m)
		}
	}
	h := http.Header{"Lc-Signature": {signature(former, attempt, event)}}
	if llamaparse.Authentic(masters[:1], attempt, h, []byte(event)) {
		t.Error("the former master is still taken")
	}
}

func TestC13_NoMasterProvesNothing(t *testing.T) {
	t.Parallel()
	attempt := core.NewID()
	if s, k := llamaparse.Secret(nil, attempt), llamaparse.Token(nil, attempt); s != "" || k != "" {
		t.Errorf("derived %q %q of nothing", s, k)
	}
	for _, masters := range [][][]byte{nil, {}, {nil}, {{}, nil}} {
		for _, h := range []http.Header{
			{"Lc-Signature": {"sha256=" + llamaparse.Sign("", []byte(event))}},
			{"X-Callback-Token": {""}},
		} {
			if llamaparse.Authentic(masters, attempt, h, []byte(event)) {
				t.Errorf("%v with %v was taken", masters, h)
			}
		}
	}
}

func TestSecretsAreSteadyApartAndPinned(t *testing.T) {
	t.Parallel()
	fixed, err := core.ParseID("0198c0de-0000-7000-8000-000000000001")
	if err != nil {
		t.Fatal(err)
	}
	// A change of these values makes every callback under way unprovable.
	if got := llamaparse.Secret(master, fixed); got != "ada2638623a621c47aaa1d6e4115ed660e66567a5d2b37fde2b9f6cd116bc5e0" {
		t.Errorf("secret %s", got)
	}
	if got := llamaparse.Token(master, fixed); got != "04f05bd6f6322c803c38392196a11a3250a96f7659a3428db836bf7731925f89" {
		t.Errorf("token %s", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.SliceOfN(rapid.Byte(), 32, 64).Draw(t, "master")
		a, b := core.NewID(), core.NewID()
		values := map[string]bool{
			llamaparse.Secret(m, a): true, llamaparse.Token(m, a): true,
			llamaparse.Secret(m, b): true, llamaparse.Token(m, b): true,
		}
		first, second := llamaparse.Secret(m, a), llamaparse.Secret(m, a)
		if len(values) != 4 || first != second {
			t.Fatalf("values meet or change: %v", values)
		}
		for v := range values {
			if len(v) != 64 {
				t.Fatalf("%q is not 64 hex digits", v)
			}
		}
	})
}
