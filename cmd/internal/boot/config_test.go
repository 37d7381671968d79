package boot_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
)

// leaf is one variable and the struct field that it must land in.
type leaf struct {
	name  string
	value reflect.Value
}

// leaves walks the configuration as its tags say, by the test's own hand.
func leaves(prefix string, v reflect.Value) (all []leaf) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if v.Field(i).Kind() == reflect.Struct {
			all = append(all, leaves(prefix+field.Tag.Get("envPrefix"), v.Field(i))...)
			continue
		}
		all = append(all, leaf{prefix + field.Tag.Get("env"), v.Field(i)})
	}
	return all
}

// sample is the n-th distinct value of a type, as text and as the field holds
// it.
func sample(t *testing.T, kind reflect.Type, n int) (text string, value any) {
	t.Helper()
	wait := time.Duration(1000+n) * time.Second
	switch kind {
	case reflect.TypeFor[time.Duration]():
		return wait.String(), wait
	case reflect.TypeFor[[]time.Duration]():
		return wait.String() + ",1h", []time.Duration{wait, time.Hour}
	case reflect.TypeFor[[]string]():
		return fmt.Sprintf("word-%d,other", n), []string{fmt.Sprintf("word-%d", n), "other"}
	}
	switch kind.Kind() {
	case reflect.String:
		text = fmt.Sprintf("word-%d", n)
		return text, reflect.ValueOf(text).Convert(kind).Interface()
	case reflect.Bool:
		return "true", true
	case reflect.Int, reflect.Int32:
		return fmt.Sprint(1000 + n), reflect.ValueOf(1000 + n).Convert(kind).Interface()
	case reflect.Float64:
		return fmt.Sprintf("0.%d", 100+n), 0.1 + float64(n)/1000
	}
	t.Fatalf("no sample for %s", kind)
	return "", nil
}

func TestFM013_EveryVariableLandsInItsField(t *testing.T) {
	t.Parallel()
	defaults := boot.Defaults()
	want := map[string]any{}
	var environ, names []string
	for n, l := range leaves("", reflect.ValueOf(defaults)) {
		text, value := sample(t, l.value.Type(), n)
		if cmp.Equal(value, l.value.Interface()) {
			t.Fatalf("%s: the sample is the default, so the test would prove nothing", l.name)
		}
		want[l.name], environ, names = value, append(environ, l.name+"="+text), append(names, l.name)
	}
	if len(want) != len(names) {
		t.Fatal("two fields share a variable")
	}
	var table []string
	for _, row := range boot.Table() {
		table = append(table, row.Name)
		if row.Help == "" {
			t.Errorf("%s has no help", row.Name)
		}
	}
	if diff := cmp.Diff(names, table); diff != "" {
		t.Errorf("the table is not the struct:\n%s", diff)
	}
	config, err := boot.Read(environ)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range leaves("", reflect.ValueOf(config)) {
		got := l.value.Interface()
		if f, ok := got.(float64); ok && f-want[l.name].(float64) < 1e-9 && want[l.name].(float64)-f < 1e-9 {
			continue
		}
		if !cmp.Equal(want[l.name], got) {
			t.Errorf("%s was set and read as another value", l.name)
		}
	}
}

func TestAnEmptyEnvironmentIsTheDefaults(t *testing.T) {
	t.Parallel()
	for _, environ := range [][]string{nil, {"SERVICE_MODE=", "PORT=", "PARSE_POLLS=", "HOME=/nowhere", "malformed"}} {
		config, err := boot.Read(environ)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(boot.Defaults(), config); diff != "" {
			t.Errorf("%v: not the defaults:\n%s", environ, diff)
		}
	}
}

func TestNoDefaultForASecretNorForAnAddressOfOurs(t *testing.T) {
	t.Parallel()
	for _, row := range boot.Table() {
		if row.Secret && row.Default != "" {
			t.Errorf("%s is a secret with a default", row.Name)
		}
	}
	defaults := boot.Defaults()
	for name, value := range map[string]string{"WEBHOOK_URL": defaults.WebhookURL, "SUPABASE_URL": defaults.SupabaseURL} {
		if value != "" {
			t.Errorf("C-1: %s has the default %q", name, value)
		}
	}
}

// Every unreadable value is named in one go, and none is quoted.
func TestFM030_UnreadableValuesAreAllNamedAtOnce(t *testing.T) {
	t.Parallel()
	const canary = "canary-7f3a"
	var environ, want []string
	for _, l := range leaves("", reflect.ValueOf(boot.Defaults())) {
		environ = append(environ, l.name+"="+canary)
		if l.value.Kind() != reflect.String && l.value.Type() != reflect.TypeFor[[]string]() {
			want = append(want, l.name)
		}
	}
	_, err := boot.Read(environ)
	if err == nil {
		t.Fatal("it was read")
	}
	if strings.Contains(err.Error(), canary) {
		t.Errorf("the error quotes a value: %v", err)
	}
	var named []string
	for _, line := range strings.Split(err.Error(), "\n") {
		name, _, _ := strings.Cut(line, ":")
		named = append(named, name)
	}
	if diff := cmp.Diff(want, named); diff != "" {
		t.Errorf("the faults named are others:\n%s", diff)
	}
}

func TestOneUnreadableStageSettingIsNamedAlone(t *testing.T) {
	t.Parallel()
	_, err := boot.Read([]string{"STAGE_EMBED_TIMEOUT=soon", "STAGE_CHUNK_TIMEOUT=5s"})
	if err == nil || err.Error() != "STAGE_EMBED_TIMEOUT: not a duration such as 30s" {
		t.Errorf("the fault is %v", err)
	}
}

func TestASecretMayComeFromAFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	var environ []string
	want := map[string]string{}
	for n, row := range boot.Table() {
		path := filepath.Join(folder, row.Name)
		if err := os.WriteFile(path, fmt.Appendf(nil, "  secret-%d\n", n), 0o600); err != nil {
			t.Fatal(err)
		}
		environ = append(environ, row.Name+"_FILE="+path)
		if row.Secret {
			want[row.Name] = fmt.Sprintf("secret-%d", n)
		}
	}
	if len(want) < 9 {
		t.Fatalf("only %d secrets are known", len(want))
	}
	config, err := boot.Read(environ)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, l := range leaves("", reflect.ValueOf(config)) {
		if secret, ok := l.value.Interface().(boot.Secret); ok {
			got[l.name] = secret.Reveal()
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the secrets read from files differ:\n%s", diff)
	}
	if diff := cmp.Diff(boot.Defaults().Environment, config.Environment); diff != "" {
		t.Errorf("a setting that is no secret was read from a file:\n%s", diff)
	}
}

func TestFaultsOfSecretFilesAreAllNamed(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("canary-file"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := boot.Read([]string{"OPENAI_API_KEY=canary-plain", "OPENAI_API_KEY_FILE=" + file,
		"WEBHOOK_MASTER_KEY_FILE=" + file + "-that-is-not-there", "PORT=many"})
	if err == nil {
		t.Fatal("it was read")
	}
	want := "WEBHOOK_MASTER_KEY_FILE: the file cannot be read\n" +
		"OPENAI_API_KEY and OPENAI_API_KEY_FILE are both set: keep one\nPORT: not a whole number"
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("the faults are others:\n%s", diff)
	}
}

// The settings of every stage reach the queue's table, and no other stage's.
func TestStageSettingsByEnvironmentReachTheQueue(t *testing.T) {
	t.Parallel()
	stages := append(core.Stages(), core.Forget, core.Purge, core.Arrive, core.Reembed)
	var environ []string
	want := riverqueue.DefaultSettings()
	for n, stage := range stages {
		name := "STAGE_" + strings.ToUpper(string(stage))
		set := riverqueue.Setting{Queue: fmt.Sprintf("queue-%d", n), Timeout: time.Duration(n+1) * time.Second, Attempts: n + 1}
		environ = append(environ, name+"_QUEUE="+set.Queue, name+"_TIMEOUT="+set.Timeout.String(), fmt.Sprintf("%s_ATTEMPTS=%d", name, set.Attempts))
		want.Stages[stage] = set
	}
	for n, queue := range []string{"parse", "line", "embed", "upkeep"} {
		environ = append(environ, fmt.Sprintf("QUEUE_%s_WORKERS=%d", strings.ToUpper(queue), n+11))
		want.Workers[queue] = n + 11
	}
	environ = append(environ, "RIVER_FETCH_COOLDOWN=21ms", "RIVER_FETCH_POLL_INTERVAL=210ms", "SOFT_STOP_TIMEOUT=22s",
		"RESCUE_AFTER=23m", "RECONCILE_EVERY=24s", "SWEEP_EVERY=25m", "SWEEP_AGE=26h")
	want.FetchCooldown, want.FetchPollInterval, want.SoftStop = 21*time.Millisecond, 210*time.Millisecond, 22*time.Second
	want.Rescue, want.ReconcileEvery, want.SweepEvery, want.SweepAge = 23*time.Minute, 24*time.Second, 25*time.Minute, 26*time.Hour
	config, err := boot.Read(environ)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, config.Queues()); diff != "" {
		t.Errorf("the queue's settings differ:\n%s", diff)
	}
}

func TestDefaultsReachTheQueueUnchanged(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(riverqueue.DefaultSettings(), boot.Defaults().Queues()); diff != "" {
		t.Errorf("an empty environment changes the queue's settings:\n%s", diff)
	}
}
