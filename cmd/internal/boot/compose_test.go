package boot_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
)

const composeDir = "../../../deploy/compose/"

// composed is a service of compose.yaml, as far as tests ask.
type composed struct {
	Image       string
	Ports       []string
	Environment map[string]string
	Secrets     []string
	ReadOnly    bool     `yaml:"read_only"`
	Drops       []string `yaml:"cap_drop"`
}

// asked finds what compose.yaml asks the env file for: ${NAME:-default} or
// ${NAME:?word}.
var asked = regexp.MustCompile(`\$\{([A-Z_]+)(?::([-?])([^}]*))?\}`)

// compose reads compose.yaml, with what example.env gives filled in.
func compose(t *testing.T) map[string]composed {
	t.Helper()
	text, err := os.ReadFile(composeDir + "compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	given := exampleEnv(t)
	given["NAVIGATOR_TAG"], given["OPENAI_API_KEY"] = "test", "sk-test"
	used := map[string]bool{"ALERTS_URL": true} // which the rendering reads
	filled := asked.ReplaceAllStringFunc(string(text), func(match string) string {
		parts := asked.FindStringSubmatch(match)
		used[parts[1]] = true
		value, there := given[parts[1]]
		if !there {
			t.Errorf("compose.yaml asks for %s, which example.env does not name", parts[1])
		}
		if value == "" && parts[2] == "-" {
			value = parts[3]
		}
		return value
	})
	for name := range given {
		if !used[name] {
			t.Errorf("example.env gives %s, which nothing asks for", name)
		}
	}
	var file struct{ Services map[string]composed }
	if err := yaml.Unmarshal([]byte(filled), &file); err != nil {
		t.Fatal(err)
	}
	return file.Services
}

func exampleEnv(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(composeDir + "example.env")
	if err != nil {
		t.Fatal(err)
	}
	given := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), "="); found && !strings.HasPrefix(name, "#") {
			if value == "draw" {
				value = strings.Repeat("K7", 26) // as long as what is drawn
			}
			given[name] = value
		}
	}
	return given
}

// The services of Compose start with the settings that compose.yaml gives them:
// each is one of the table, and none that is needed is missing.
func TestComposeGivesTheServicesTheirSettings(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, row := range boot.Table() {
		known[row.Name], known[row.Name+"_FILE"] = true, row.Secret
	}
	key := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(key, []byte(pem), 0o600); err != nil {
		t.Fatal(err)
	}
	services := compose(t)
	for _, name := range []boot.Service{boot.API, boot.Worker, boot.Webhook, boot.Migrate} {
		var environ []string
		for setting, value := range services[string(name)].Environment {
			if !known[setting] {
				t.Errorf("%s is given %s, which is no setting", name, setting)
			}
			if setting == "AUTH_SIGNING_KEY_FILE" {
				value = key
			}
			environ = append(environ, setting+"="+value)
		}
		config, err := boot.Read(environ)
		if err == nil {
			err = config.Check(name)
		}
		if err != nil || len(environ) == 0 {
			t.Errorf("%s with %d settings: %v", name, len(environ), err)
		}
	}
}

// Nothing in Compose drifts or is open to the network: versions are pinned, ports
// are this machine's, and our services have no rights.
func TestComposeIsPinnedAndShut(t *testing.T) {
	t.Parallel()
	pinned := regexp.MustCompile(`^[a-z0-9./_-]+:v?[0-9][0-9a-z.-]*$`)
	services := compose(t)
	for name, service := range services {
		ours := strings.HasPrefix(service.Image, "navigator/")
		if !ours && !pinned.MatchString(service.Image) {
			t.Errorf("%s: the image %q is not of one version", name, service.Image)
		}
		for _, port := range service.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s: port %s is open to the network", name, port)
			}
		}
		if ours && name != "migrate" && (!service.ReadOnly || len(service.Drops) != 1) {
			t.Errorf("%s may write or has capabilities", name)
		}
	}
	ui := services["riverui"].Environment
	if ui["RIVER_SCHEMA"] != "river" || ui["RIVER_BASIC_AUTH_PASS"] == "" || ui["RIVER_JOB_LIST_HIDE_ARGS_BY_DEFAULT"] != "true" || !strings.Contains(ui["DATABASE_URL"], "//inav_riverui:") {
		t.Errorf("River UI is not shut as it should be: %d settings", len(ui))
	}
	for _, needed := range []string{"postgres", "redis", "prometheus", "alertmanager", "loki", "grafana", "riverui", "api", "worker", "webhook"} {
		if services[needed].Image == "" {
			t.Errorf("Compose lacks %s", needed)
		}
	}
}
