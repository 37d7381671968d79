package terraform_test

import (
	"encoding/json"
	"errors"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// invented are values for what the cloud keeps as secrets, such as the services take.
var invented = map[string]string{
	"DATABASE_URL":              "postgres://inav_app:x@db.example.com:5432/postgres?sslmode=verify-full",
	"WORKER_DATABASE_URL":       "postgres://inav_worker:x@db.example.com:5432/postgres?sslmode=verify-full",
	"DATABASE_REPLICA_URL":      "postgres://inav_app:x@replica.example.com:5432/postgres?sslmode=verify-full",
	"MIGRATE_DATABASE_URL":      "postgres://owner:x@db.example.com:5432/postgres?sslmode=verify-full",
	"WEBHOOK_MASTER_KEY":        "0123456789abcdef0123456789abcdef",
	"WEBHOOK_MASTER_KEY_FORMER": "fedcba9876543210fedcba9876543210",
	"REDIS_URL":                 "rediss://:invented@cache.example.org:6379",
	"SUPABASE_SERVICE_ROLE_KEY": "invented", "SUPABASE_ANON_KEY": "invented", "SUPABASE_JWT_SECRET": "0123456789abcdef0123456789abcdef",
	"DRILL_DATABASE_URL": "postgres://owner:x@scratch.example.com:5432/postgres?sslmode=verify-full",
	"SMTP_PASSWORD":      "invented", "LLAMAPARSE_API_KEY": "invented", "OPENAI_API_KEY": "invented",
}

// navigator builds the tool that knows the settings.
func navigator(t *testing.T) string {
	t.Helper()
	program := t.TempDir() + "/navigator"
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../cmd/navigator").CombinedOutput(); err != nil { //nolint:gosec // our own program
		t.Fatalf("%v: %s", err, out)
	}
	return program
}

// TestSettingsAreComplete: with exactly what each task is given, its service
// finds nothing wrong; and without any one of its secrets it does.
func TestSettingsAreComplete(t *testing.T) {
	t.Parallel()
	plans := map[string]*plan{}
	for _, name := range environments {
		plans[name] = read(t, name)
	}
	program := navigator(t)
	key, err := exec.CommandContext(t.Context(), program, "backup", "key").Output() //nolint:gosec // our own program
	if err != nil {
		t.Fatal(err)
	}
	check := func(service string, c container, without string) (string, error) {
		command := exec.CommandContext(t.Context(), program, "config", "check", service) //nolint:gosec // our own program
		command.Env = []string{"HOME=" + t.TempDir()}
		for _, setting := range c.Environment {
			command.Env = append(command.Env, setting.Name+"="+setting.Value)
		}
		for _, secret := range c.secretNames() {
			switch secret {
			case without:
			case "BACKUP_KEY":
				command.Env = append(command.Env, secret+"="+strings.TrimSpace(string(key)))
			default:
				command.Env = append(command.Env, secret+"="+invented[secret])
			}
		}
		out, err := command.CombinedOutput()
		return string(out), err
	}
	// A restore is a worker's work over backups.
	checks := func(task string, c container, without string) (string, error) {
		if task != "restore" {
			return check(task, c, without)
		}
		backup, wrong := check("backup", c, without)
		worker, failed := check("worker", c, without)
		return backup + worker, errors.Join(wrong, failed)
	}
	for name, p := range plans {
		tasks := p.tasks()
		for service := range given {
			if out, err := checks(service, tasks[service], ""); err != nil {
				t.Errorf("%s: %s does not start with what it is given: %s", name, service, out)
			}
			if name != "production" {
				continue
			}
			for _, secret := range p.due(service) {
				if _, err := checks(service, tasks[service], secret); err == nil {
					t.Errorf("%s: %s does without %s, and is given it", name, service, secret)
				}
			}
		}
	}
}

// TestSettingsExist: what a task is given is a setting, under its very name, and
// stands in the open only where the settings' table says that it may.
func TestSettingsExist(t *testing.T) {
	t.Parallel()
	plans := map[string]*plan{}
	for _, name := range environments {
		plans[name] = read(t, name)
	}
	out, err := exec.CommandContext(t.Context(), navigator(t), "config", "show", "--json").Output() //nolint:gosec // our own program
	if err != nil {
		t.Fatal(err)
	}
	var table []struct {
		Name   string `json:"name"`
		Secret bool   `json:"secret"`
	}
	if err := json.Unmarshal(out, &table); err != nil || len(table) < 50 {
		t.Fatalf("%d settings, %v", len(table), err)
	}
	var openly, secretly []string
	for _, row := range table {
		if row.Secret {
			secretly = append(secretly, row.Name)
		} else {
			openly = append(openly, row.Name)
		}
	}
	for name, p := range plans {
		tasks := p.tasks()
		for service := range given {
			for _, setting := range tasks[service].Environment {
				if !slices.Contains(openly, setting.Name) {
					t.Errorf("%s: %s is given %s, which is no open setting", name, service, setting.Name)
				}
			}
			for _, secret := range tasks[service].secretNames() {
				if !slices.Contains(secretly, secret) {
					t.Errorf("%s: %s is given the secret %s, which is none: %s", name, service, secret, strings.Join(secretly, " "))
				}
			}
		}
	}
}

// Production takes no documents until somebody says that the agreements are
// signed, and mails leave by the server that is named.
func TestAgreementsAndMailsAreSaidAndNotGuessed(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]map[string]string{
		"production": {"BAA_CONFIRMED": "false"},
		"options": {"BAA_CONFIRMED": "true", "MAIL_PROVIDER": "smtp", "SMTP_HOST": "smtp.example.com", "SMTP_PORT": "587", "SMTP_USERNAME": "navigator",
			"SMTP_SECURITY": "starttls", "MAIL_FROM": "no-reply@navigator.example.com"},
	} {
		api := read(t, name).tasks()["api"]
		got := map[string]string{}
		for _, setting := range api.Environment {
			if _, asked := want[setting.Name]; asked || strings.HasPrefix(setting.Name, "SMTP_") || strings.HasPrefix(setting.Name, "MAIL_") {
				got[setting.Name] = setting.Value
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: the API is given %v, want %v", name, got, want)
		}
		if slices.Contains(api.secretNames(), "SMTP_PASSWORD") != (name == "options") {
			t.Errorf("%s: the API's secrets are %v", name, api.secretNames())
		}
	}
}
