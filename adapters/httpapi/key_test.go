package httpapi_test

import (
	"regexp"
	"testing"

	"github.com/insurance-navigator/navigator/adapters/httpapi"
	"github.com/insurance-navigator/navigator/core"
)

// Keys are made of whole ids, so that no two documents share one.
func TestC10_TenThousandIDsHaveTenThousandKeys(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[0-9a-f-]{36}/[0-9a-f-]{36}/original\.pdf$`)
	user, keys := core.NewID(), map[string]bool{}
	for range 10_000 {
		key := httpapi.Key(user, core.NewID())
		if !form.MatchString(key) {
			t.Fatalf("the key %q is not of ids alone", key)
		}
		keys[key] = true
	}
	if len(keys) != 10_000 {
		t.Errorf("%d keys for 10,000 documents", len(keys))
	}
}
