package boot_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
)

// canaries is a configuration whose every secret is a word of its own.
func canaries(t *testing.T) (config boot.Config, words []string) {
	t.Helper()
	var environ []string
	for n, row := range boot.Table() {
		if row.Secret {
			word := fmt.Sprintf("canary%dzq", n)
			words, environ = append(words, word), append(environ, row.Name+"="+word)
		}
	}
	config, err := boot.Read(environ)
	if err != nil {
		t.Fatal(err)
	}
	return config, words
}

// holdsNone fails when the text holds a word, plain, or as a hex or decimal
// dump of its bytes.
func holdsNone(t *testing.T, how, text string, words []string) {
	t.Helper()
	for _, word := range words {
		dumped := strings.Trim(fmt.Sprintf("%d", []byte(word)), "[]")
		for _, form := range []string{word, fmt.Sprintf("%x", word), fmt.Sprintf("%X", word), dumped} {
			if strings.Contains(text, form) {
				t.Errorf("%s prints a secret: %.200s", how, text)
				return
			}
		}
	}
}

func TestPlog_NoVerbPrintsASecret(t *testing.T) {
	t.Parallel()
	config, words := canaries(t)
	shapes := map[string]any{"secret": config.OpenAIKey, "pointer": &config.OpenAIKey, "config": config, "config's pointer": &config,
		"slice": []boot.Secret{config.OpenAIKey}, "map": map[boot.Secret]boot.Config{config.OpenAIKey: config}, "any": []any{config.SigningKey},
		"wrapped": struct{ S, T any }{config.OpenAIKey, &config}}
	for name, value := range shapes {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%U", "%c", "%t", "%o", "%e", "% x", "%#q", "%+q", "%10.3s", "%!"} {
			holdsNone(t, name+" by "+verb, fmt.Sprintf(verb, value), words)
		}
		holdsNone(t, name+" by Sprint", fmt.Sprint(value), words)
	}
	holdsNone(t, "an error", fmt.Errorf("open with %v: %w", config, errors.New(config.DatabaseURL.String())).Error(), words)
}

func TestPlog_NoEncoderPrintsASecret(t *testing.T) {
	t.Parallel()
	config, words := canaries(t)
	for name, value := range map[string]any{"config": config, "pointer": &config, "secret": config.OpenAIKey, "list": []boot.Secret{config.OpenAIKey}} {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		holdsNone(t, name+" as JSON", string(text), words)
	}
	text, err := xml.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	holdsNone(t, "XML", string(text), words)
}

func TestPlog_NoLogPrintsASecret(t *testing.T) {
	t.Parallel()
	config, words := canaries(t)
	var buffer bytes.Buffer
	options := &slog.HandlerOptions{Level: slog.LevelDebug}
	for name, handler := range map[string]slog.Handler{"text": slog.NewTextHandler(&buffer, options),
		"json": slog.NewJSONHandler(&buffer, options), "ours": boot.NewLog(&buffer, config).Handler()} {
		log := slog.New(handler).With("bound", config.LlamaKey)
		log.Error("start", "config", config, "pointer", &config, "key", config.OpenAIKey, "keyPointer", &config.OpenAIKey,
			slog.Group("group", "key", config.WebhookKey, "all", []boot.Secret{config.SigningKey}))
		if buffer.Len() == 0 {
			t.Errorf("%s wrote nothing", name)
		}
		holdsNone(t, name, buffer.String(), words)
		buffer.Reset()
	}
}

// The faults of a configuration whose every value is wrong quote none of them.
func TestPlog_NoFaultQuotesAValue(t *testing.T) {
	t.Parallel()
	for _, mode := range []boot.Mode{boot.Development, boot.Staging, boot.Production, "production"} {
		config := boot.Defaults()
		var words []string
		for n, l := range leaves("", reflect.ValueOf(&config).Elem()) {
			if l.value.Kind() == reflect.String {
				word := fmt.Sprintf("Canary%dzq", n)
				l.value.SetString(word)
				words = append(words, word)
			}
		}
		config.Mode = mode
		for _, service := range services {
			err := config.Check(service)
			if err == nil {
				t.Fatalf("%s in %s: nothing was refused", service, mode)
			}
			holdsNone(t, fmt.Sprintf("the faults of %s in %s", service, mode), err.Error(), words)
		}
	}
}

func TestPlog_NoFaultQuotesAnAddress(t *testing.T) {
	t.Parallel()
	words := []string{"canary-user", "canary-word"}
	for _, bad := range []string{"postgres://canary-user:canary-word@host:port/db", "postgres://canary-user:canary-word@h/db?sslmode=canary-word",
		"https://canary-user:canary-word@example.org", "://canary-word", "http://[canary-word", "https://canary-word%zz", "canary-word\x7f"} {
		config := boot.Defaults()
		config.Mode = boot.Production
		config.DatabaseURL, config.WorkerDatabaseURL, config.MigrateDatabaseURL = boot.Secret(bad), boot.Secret(bad), boot.Secret(bad)
		config.WebhookURL, config.PublicURL, config.SupabaseURL, config.LlamaURL, config.OpenAIURL = bad, bad, bad, bad, bad
		for _, service := range services {
			err := config.Check(service)
			if err == nil && service != boot.Migrate {
				t.Fatalf("%s: nothing was refused of %q", service, bad)
			}
			holdsNone(t, fmt.Sprintf("the faults of %s", service), fmt.Sprint(err), words)
		}
	}
}

func TestPlog_TheFingerprintHoldsNoSecret(t *testing.T) {
	t.Parallel()
	config, words := canaries(t)
	holdsNone(t, "the fingerprint", fmt.Sprintf("%+v", config.Fingerprint(boot.Dev)), words)
}

// A secret file's text stays out of the error of another fault.
func TestPlog_AFileIsNeverQuoted(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte("canary-in-file"), 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := boot.Read([]string{"OPENAI_API_KEY_FILE=" + path, "PORT=x", "LLAMAPARSE_API_KEY=canary-in-file", "LLAMAPARSE_API_KEY_FILE=" + path})
	holdsNone(t, "Read", fmt.Sprint(err, config), []string{"canary-in-file"})
	if config.OpenAIKey.Reveal() != "canary-in-file" {
		t.Error("the file was not read")
	}
}

func TestASecretTellsOnlyWhetherItIsSet(t *testing.T) {
	t.Parallel()
	if got := fmt.Sprint(boot.Secret(""), boot.Secret("x")); got != "[not set][set]" {
		t.Errorf("printed as %q", got)
	}
	if boot.Secret("").Set() || !boot.Secret("x").Set() || boot.Secret("x").Reveal() != "x" {
		t.Error("Set or Reveal is wrong")
	}
}
