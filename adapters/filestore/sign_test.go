package filestore_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/filestore"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
	"github.com/insurance-navigator/navigator/ports/portstest"
)

var ticketKey = []byte("a key of the tests, long enough for them")

// redeemed opens a store with a server that redeems its addresses.
func redeemed(t *testing.T, c filestore.Config) *filestore.Store {
	t.Helper()
	var store *filestore.Store
	address := portstest.Redeemed(t, func() portstest.Ticketed { return store })
	c.PutURL, c.GetURL, c.TicketKeys = address+portstest.PathPut, address+portstest.PathGet, [][]byte{ticketKey}
	store = open(t, c)
	return store
}

func signed(t *testing.T, keys ...[]byte) (s *filestore.Store, token string) {
	t.Helper()
	s = open(t, filestore.Config{Dir: t.TempDir(), PutURL: "http://127.0.0.1/put", TicketKeys: keys})
	put, err := s.SignPut(t.Context(), "a/b", 7, portstest.PDF, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	address, err := url.Parse(put.URL)
	if err != nil {
		t.Fatal(err)
	}
	return s, address.Query().Get("token")
}

// An address carries all of what it allows: another process with the same
// configuration believes it, one with another key does not.
func TestC3_ATicketIsBelievedByTheKeyAlone(t *testing.T) {
	t.Parallel()
	former, other := []byte("the key before this one was made"), []byte("somebody else's key, as good")
	_, token := signed(t, ticketKey)
	want := ports.PutTicket{Key: "a/b", Size: 7, ContentType: portstest.PDF}
	for name, c := range map[string]struct {
		keys [][]byte
		ok   bool
	}{
		"after a restart": {[][]byte{ticketKey}, true}, "after a rotation": {[][]byte{former, ticketKey}, true},
		"another key": {[][]byte{other}, false}, "no key": {nil, false},
	} {
		s := open(t, filestore.Config{Dir: t.TempDir(), TicketKeys: c.keys})
		got, err := s.RedeemPut(token)
		if c.ok && (err != nil || !cmp.Equal(got, want)) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if !c.ok && !core.HasCode(err, core.CodeUploadLink) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestC3_AChangedTicketIsRefused(t *testing.T) {
	t.Parallel()
	s, token := signed(t, ticketKey)
	for i := range token {
		changed := token[:i] + string(token[i]^1) + token[i+1:]
		if _, err := s.RedeemPut(changed); !core.HasCode(err, core.CodeUploadLink) {
			t.Errorf("byte %d changed: %v", i, err)
		}
	}
	for _, odd := range []string{"", ".", "a", "a.b", token + ".x", "x." + token, strings.Repeat("a", 5000) + ".b"} {
		if _, err := s.RedeemPut(odd); !core.HasCode(err, core.CodeUploadLink) {
			t.Errorf("%.20q: %v", odd, err)
		}
	}
}

func TestSignPutHoldsToTheStoresRules(t *testing.T) {
	t.Parallel()
	s := open(t, filestore.Config{Dir: t.TempDir(), MaxSize: 5, Types: []string{portstest.PDF}, PutURL: "http://127.0.0.1/put", TicketKeys: [][]byte{ticketKey}})
	if _, err := s.SignPut(t.Context(), "a", 6, portstest.PDF, time.Minute); !core.HasCode(err, core.CodeFileTooLarge) {
		t.Errorf("too large: %v", err)
	}
	if _, err := s.SignPut(t.Context(), "a", 5, "image/png", time.Minute); !core.HasCode(err, core.CodeFileUnsupported) {
		t.Errorf("another type: %v", err)
	}
	keyless := open(t, filestore.Config{Dir: t.TempDir()})
	if _, err := keyless.SignPut(t.Context(), "a", 5, portstest.PDF, time.Minute); !core.HasCode(err, core.CodeInternal) {
		t.Errorf("without a key: %v", err)
	}
}
