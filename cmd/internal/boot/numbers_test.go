package boot_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
)

func TestWordsAndNumbersOutOfBounds(t *testing.T) {
	t.Parallel()
	for name, values := range map[string][]string{
		"LOG_LEVEL": {"loud", "INFO"}, "DATABASE_POOL_MODE": {"statement"}, "PARSER": {"none"}, "AUTH_PROVIDER": {"none"},
		"STORAGE_PROVIDER": {"s3"}, "WEBHOOK_MODE": {"none"}, "LLAMAPARSE_TIER": {"fast", "agentic-plus"},
		"UPLOAD_PIPELINE_ENVIRONMENT": {"Live", "a b", "../x", strings.Repeat("a", 41)}, "UPLOAD_PIPELINE_STORAGE_ENVIRONMENT": {"a/b", "ü"},
		"MAX_FAILED_PAGE_SHARE": {"-0.1", "1", "NaN", "+Inf", "-Inf"}, "PARSE_POLLS": {"0s", "1s,-1s"}, "PARSE_DEADLINE": {"0s", "-1h"},
		"CHUNK_TOKENS": {"63", "8001"}, "CHUNK_OVERLAP": {"-1", "401"}, "QUEUE_PARSE_WORKERS": {"0", "1001"}, "QUEUE_LINE_WORKERS": {"-1"},
		"QUEUE_EMBED_WORKERS": {"0"}, "QUEUE_UPKEEP_WORKERS": {"0"}, "OPENAI_MAX_IN_FLIGHT": {"0", "-1"}, "DATABASE_MAX_CONNS": {"0", "-5", "5000"},
		"PORT": {"-1", "65536"}, "WEBHOOK_PORT": {"70000"}, "AUTH_ACCESS_TTL": {"0s"}, "RIVER_FETCH_COOLDOWN": {"0s"},
		"RIVER_FETCH_POLL_INTERVAL": {"1ms"}, "SOFT_STOP_TIMEOUT": {"-1s"}, "RECONCILE_EVERY": {"0s"}, "SWEEP_EVERY": {"0s"},
		"SWEEP_AGE": {"0s", "1m", "-1h"}, "STAGE_PARSE_QUEUE": {"fast"}, "STAGE_EMBED_TIMEOUT": {"0s", "3m", "1h"}, "STAGE_PURGE_ATTEMPTS": {"0", "26"},
		"WORKER_PORT": {"-1"}, "DRAIN_NOTICE": {"-1s"}, "HEARTBEAT_EVERY": {"0s", "7s"}, "PROCESS_DEAD_AFTER": {"14s"}, "RESCUE_EVERY": {"-1s"}, "CLOCK_SKEW_MAX": {"1s"},
		"AUTH_SIGNING_KEY":          {"x", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"},
		"WEBHOOK_MASTER_KEY":        {"short", strings.Repeat("a", 64), strings.Repeat("changeme", 8), "0123456789abcdef0123456789abcde"},
		"WEBHOOK_MASTER_KEY_FORMER": {"short", strings.Repeat("ab", 32)},
	} {
		for _, value := range values {
			environ := sound(t)
			environ[name] = value
			got := faultsOf(t, environ, boot.Dev)
			if len(got) != 1 || !strings.Contains(got[0], name) {
				t.Errorf("%s=%q: %q, want one fault that names it", name, value, got)
			}
		}
	}
	for name, want := range map[string]string{ // what is promised of a rescue cannot be set away
		"PROCESS_DEAD_AFTER=66s": "together at most STAGE_VALIDATE_TIMEOUT and RESCUE_GRACE", "STAGE_CHUNK_TIMEOUT=14s": "together at most STAGE_CHUNK_TIMEOUT",
		"RESCUE_GRACE=30s": "STAGE_REEMBED_TIMEOUT: above 0, and with RESCUE_GRACE below RESCUE_AFTER", "LIVENESS_AFTER=14s": "LIVENESS_AFTER: at least 3 times",
	} {
		environ := sound(t)
		key, value, _ := strings.Cut(name, "=")
		environ[key] = value
		if got := strings.Join(faultsOf(t, environ, boot.Worker), "\n"); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	config := boot.Defaults()
	config.MaxFailedShare = math.NaN()
	if !strings.Contains(fmt.Sprint(config.Check(boot.API)), "MAX_FAILED_PAGE_SHARE") {
		t.Error("NaN pages may fail")
	}
}
