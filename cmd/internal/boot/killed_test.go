package boot_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// childService names the service that this program is to be, in place of tests:
// a process of its own can be killed.
const childService = "NAVIGATOR_TEST_SERVICE"

func init() {
	if service := os.Getenv(childService); service != "" {
		os.Exit(boot.Main(boot.Service(service)))
	}
}

// environ is what of the world's settings differs from the defaults.
func (w *world) environ() []string {
	c := w.config
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "PORT=0", "WEBHOOK_PORT=0", "WORKER_PORT=0", "LLAMAPARSE_SUBMITS_PER_SECOND=0"}
	for name, value := range map[string]string{
		"DATABASE_URL": c.DatabaseURL.Reveal(), "WORKER_DATABASE_URL": c.WorkerDatabaseURL.Reveal(), "SPOOL_DIR": c.SpoolDir,
		"AUTH_SIGNING_KEY": c.SigningKey.Reveal(), "WEBHOOK_MASTER_KEY": c.WebhookKey.Reveal(), "WEBHOOK_URL": c.WebhookURL,
		"LLAMAPARSE_API_URL": c.LlamaURL, "LLAMAPARSE_API_KEY": c.LlamaKey.Reveal(), "OPENAI_API_URL": c.OpenAIURL,
		"OPENAI_API_KEY": c.OpenAIKey.Reveal(), "SUPABASE_URL": c.SupabaseURL, "SUPABASE_SERVICE_ROLE_KEY": c.SupabaseService.Reveal(),
		"ARCHIVE_BUCKET": c.Archive.Bucket, "ARCHIVE_AFTER": c.Archive.After.String(), "ARCHIVE_EVERY": c.Archive.Every.String(),
		"RECONCILE_EVERY": c.ReconcileEvery.String(), "REEMBED_EVERY": c.ReembedEvery.String(), "SOFT_STOP_TIMEOUT": c.SoftStop.String(), "DRAIN_NOTICE": c.DrainNotice.String(),
		"HEARTBEAT_EVERY": c.Heartbeat.String(), "PROCESS_DEAD_AFTER": c.DeadAfter.String(), "RESCUE_EVERY": c.RescueEvery.String(),
	} {
		env = append(env, name+"="+value)
	}
	return env
}

// child is a service as a process of its own. It can be killed, and stopped.
type child struct {
	w     *world
	cmd   *exec.Cmd
	logs  *logBuffer
	at    boot.Addresses
	ended chan struct{} // closed with cmd.ProcessState there
}

// signal sends the process a signal.
func (c *child) signal(s syscall.Signal) {
	c.w.t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		c.w.t.Fatal(err)
	}
}

// kill ends the process as a crash does.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	<-c.ended
}

// says waits for a text in the process's log.
func (c *child) says(text string) {
	c.w.t.Helper()
	c.w.until("the process to say "+text, func() bool { return strings.Contains(c.logs.String(), text) })
}

// spawn runs a service as a process of its own, until kill.
func (w *world) spawn(service boot.Service) (kill func()) {
	w.t.Helper()
	c := w.child(service)
	w.api = c.at.API
	return c.kill
}

// child runs a service as a process of its own until the test's end.
func (w *world) child(service boot.Service) *child {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), os.Args[0]) //nolint:gosec // this very program
	cmd.Env = append(w.environ(), childService+"="+string(service))
	var faults bytes.Buffer
	cmd.Stderr = &faults
	out, err := cmd.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	c := &child{w: w, cmd: cmd, logs: &logBuffer{}, ended: make(chan struct{})}
	ready := make(chan boot.Addresses, 1)
	go func() {
		defer close(c.ended)
		c.read(out, ready)
		_ = cmd.Wait() // killed, it says
	}()
	w.t.Cleanup(c.kill)
	select {
	case c.at = <-ready:
	case <-c.ended:
		w.t.Fatalf("%s did not start: %s", service, faults.String())
	}
	return c
}

// read keeps the log, and tells when the process is ready.
func (c *child) read(out io.Reader, ready chan<- boot.Addresses) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		_, _ = c.logs.Write(append(lines.Bytes(), '\n'))
		var line struct {
			Message              string `json:"msg"`
			API, Webhook, Worker string
		}
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Message == "ready" {
			ready <- boot.Addresses{API: line.API, Webhook: line.Webhook, Worker: line.Worker}
		}
	}
}

// heldKeep makes the storing of answers wait, as a stop between commit and
// answer, until let go.
func (w *world) heldKeep() (letGo func()) {
	w.t.Helper()
	w.exec(`create function upload_pipeline.test_hold() returns trigger language plpgsql as
		$$ begin if new.answer is not null then perform pg_advisory_xact_lock(4711); end if; return new; end $$`)
	w.exec(`create trigger test_hold before update on upload_pipeline.idempotency_keys for each row execute function upload_pipeline.test_hold()`)
	lock := w.db.SuperConn()
	if _, err := lock.Exec(w.t.Context(), `select pg_advisory_lock(4711)`); err != nil {
		w.t.Fatal(err)
	}
	return func() {
		w.exec(`drop function upload_pipeline.test_hold() cascade`)
		_ = lock.Close(w.t.Context())
	}
}

// waiting counts the statements that wait for heldKeep in this database.
const waiting = `from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and wait_event = 'advisory'`

// The process dies when the document is committed and the client has no answer.
// The same request under the same key is told of that very document.
func TestI13_AProcessKilledBeforeItsAnswerMakesOneDocument(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	kill := w.spawn(boot.API)
	ada, paper, key := w.person("ada"), corpus.Summary(), core.NewID().String()
	letGo := w.heldKeep()
	lost := make(chan error, 1)
	go func() {
		_, err := ada.tryUpload(key, paper.Name, paper.Bytes)
		lost <- err
	}()
	w.until("the answer to be about to be kept", func() bool { return w.count(`select count(*) `+waiting) == 1 })
	kill()
	if err := <-lost; err == nil {
		t.Fatal("the client was answered all the same")
	}
	w.exec(`select pg_terminate_backend(pid) ` + waiting)
	w.until("the dead process's statement to end", func() bool { return w.count(`select count(*) `+waiting) == 0 })
	letGo()
	var id core.ID
	if err := w.db.SuperConn().QueryRow(t.Context(), `select document_id from upload_pipeline.documents`).Scan(&id); err != nil {
		t.Fatalf("the kill came before the commit: %v", err)
	}

	w.start(boot.API)
	got := ada.keyedUpload(key, paper.Name, paper.Bytes)
	if got.status != http.StatusConflict || got.text("code") != "idempotency_in_use" || got.header.Get("Retry-After") == "" {
		t.Errorf("within the lease: %d %s", got.status, got.body)
	}
	w.exec(`update upload_pipeline.idempotency_keys set leased_until = now() where leased_until > now() and answer is null`)
	first := ada.keyedUpload(key, paper.Name, paper.Bytes)
	if first.status != http.StatusAccepted || first.text("document_id") != id.String() || first.header.Get("Idempotent-Replayed") != "" {
		t.Errorf("after the lease: %d %s, want 202 with %s", first.status, first.body, id)
	}
	second := ada.keyedUpload(key, paper.Name, paper.Bytes)
	if second.header.Get("Idempotent-Replayed") != "true" || !bytes.Equal(first.body, second.body) {
		t.Errorf("then: %d %s", second.status, second.body)
	}
	if n := w.count(`select count(*) from upload_pipeline.documents`); n != 1 {
		t.Errorf("%d documents", n)
	}
	if status, answer := ada.upload(paper.Name, paper.Bytes); status != http.StatusConflict || answer.Code != "duplicate_document" {
		t.Errorf("the same content without a key: %d %+v", status, answer)
	}
}
