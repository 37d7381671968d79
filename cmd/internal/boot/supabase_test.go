package boot_test

import (
	"testing"

	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// With AUTH_PROVIDER=supabase people are the project's, and its published keys
// prove their tokens.
func TestSupabaseAccountsUploadAndSearch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.AuthProvider, w.config.SupabaseAnon = "supabase", supabasetest.DefaultPublishableKey
	w.start(boot.Dev)
	ada := w.person("ada")
	id := ada.taken("card.pdf", corpus.MemberCard().Bytes)
	ada.completes(id)
	if found := ada.search("member id", 1); len(found) == 0 || found[0].DocumentID != id {
		t.Errorf("the search found %+v", found)
	}
}
