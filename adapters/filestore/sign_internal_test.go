package filestore

import (
	"encoding/base64"
	"fmt"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

func TestAnExpiredTicketIsRefused(t *testing.T) {
	t.Parallel()
	master := []byte("a key of the tests")
	s := &Store{ticketKeys: [][]byte{master}}
	for name, c := range map[string]struct {
		expires time.Time
		ok      bool
	}{"a second ago": {time.Now().Add(-time.Second), false}, "in a minute": {time.Now().Add(time.Minute), true}} {
		text := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"k":"a","s":1,"t":"x","e":%d}`, c.expires.Unix()))
		_, err := s.RedeemPut(text + "." + base64.RawURLEncoding.EncodeToString(seal(master, forPut, text)))
		if c.ok != (err == nil) || (!c.ok && !core.HasCode(err, core.CodeUploadLink)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
