package dev

import (
	"fmt"
	"os"
	"strings"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
)

// operators writes the environment in which the commands of operators work on
// this place, for a shell to read. What the developer set himself stays where it
// is: a real key is never written down.
func (s *site) operators(config boot.Config, environ []string) error {
	given := map[string]bool{}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		given[name] = value != ""
	}
	if given["DATABASE_URL"] || given["DATABASE_URL_FILE"] { // his own, which the owner's address follows from
		given["MIGRATE_DATABASE_URL"] = true
	}
	var text strings.Builder
	for _, row := range [][2]string{
		{"DATABASE_URL", config.WorkerURL().Reveal()}, {"MIGRATE_DATABASE_URL", config.MigrateURL().Reveal()},
		{"WEBHOOK_MASTER_KEY", config.WebhookKey.Reveal()}, {"WEBHOOK_URL", config.WebhookURL},
		{"STORAGE_PROVIDER", config.StorageProvider}, {"FILESTORE_DIR", config.FilestoreDir},
		{"SUPABASE_URL", config.SupabaseURL}, {"SUPABASE_SERVICE_ROLE_KEY", config.SupabaseService.Reveal()},
		{"OPENAI_API_URL", config.OpenAIURL}, {"OPENAI_API_KEY", config.OpenAIKey.Reveal()},
		{"PARSER", config.Parser}, {"LLAMAPARSE_API_URL", config.LlamaURL}, {"LLAMAPARSE_API_KEY", config.LlamaKey.Reveal()},
	} {
		name, value := row[0], row[1]
		if value == "" || given[name] || given[name+"_FILE"] {
			continue
		}
		fmt.Fprintf(&text, "export %s='%s'\n", name, strings.ReplaceAll(value, "'", `'\''`))
	}
	path := s.path("operator.env")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		return fmt.Errorf("keep %s: %w", path, err)
	}
	return nil
}
