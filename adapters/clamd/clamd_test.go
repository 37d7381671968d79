package clamd_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/insurance-navigator/navigator/adapters/clamd"
	"github.com/insurance-navigator/navigator/adapters/clamd/clamdtest"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// daemon starts a real clamd on a socket of its own, which knows that one
// signature, and takes files of up to a mebibyte. It ends with the test.
func daemon(t *testing.T) *clamd.Scanner {
	t.Helper()
	program, err := exec.LookPath("clamd")
	if err != nil {
		// A daemon of another project cannot be made by a test; .ci/run installs it.
		t.Skip("skipped: clamd is not here (Debian package clamav-daemon): the protocol is tested against a stand-in alone")
	}
	dir, err := os.MkdirTemp("", "clamd") // a socket's path may have 100 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	signature := fmt.Sprintf("Navigator.Test:0:*:%x\n", clamdtest.Marker)
	config := fmt.Sprintf("DatabaseDirectory %s\nLocalSocket %s\nForeground yes\nStreamMaxLength 1M\nOfficialDatabaseOnly no\nUser root\n", dir, socket)
	if os.Getuid() != 0 {
		config = strings.ReplaceAll(config, "User root\n", "")
	}
	for name, text := range map[string]string{"navigator.ndb": signature, "clamd.conf": config} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var said bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program, "--config-file="+filepath.Join(dir, "clamd.conf"))
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	scanner := scannerAt(t, "unix:"+socket, patience)
	// clamd reads its signatures and tells nobody when it is ready: it is asked
	// until the deadline, and the pause spares the processor.
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for scanner.Healthy(t.Context()) != nil {
		select {
		case <-again.C:
		case <-deadline.C:
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			t.Fatalf("clamd does not answer: %s", said.String())
		}
	}
	return scanner
}

func scannerAt(t *testing.T, address string, within time.Duration) *clamd.Scanner {
	t.Helper()
	scanner, err := clamd.New(address, within)
	if err != nil {
		t.Fatal(err)
	}
	return scanner
}

func TestS17_ARealClamdFindsTheMarker(t *testing.T) {
	t.Parallel()
	scanner := daemon(t)
	version, err := scanner.Version(t.Context())
	if err != nil || !strings.HasPrefix(version.Engine, "ClamAV ") {
		t.Errorf("version %+v, %v", version, err)
	}
	filler := strings.Repeat("%PDF-1.7 nothing in it\n", 20_000)
	for name, c := range map[string]struct {
		body, signature string
		code            core.Code
	}{
		"clean":          {"%PDF-1.7 nothing", "", ""},
		"nothing at all": {"", "", ""},
		"over pieces":    {filler, "", ""},
		"malware":        {"%PDF-1.7 " + clamdtest.Marker, "Navigator.Test.UNOFFICIAL", ""},
		"malware behind": {filler + clamdtest.Marker + filler, "Navigator.Test.UNOFFICIAL", ""},
		"too large":      {strings.Repeat(filler, 8), "", core.CodeScanUnavailable},
	} {
		signature, err := scanner.Scan(t.Context(), strings.NewReader(c.body))
		if signature != c.signature || (c.code == "") != (err == nil) || (err != nil && !core.HasCode(err, c.code)) {
			t.Errorf("%s: %q, %v", name, signature, err)
		}
	}
}

// patience is for an answer that comes.
const patience = 20 * time.Second

// standIn serves each connection by a function; it ends with the test.
func standIn(t *testing.T, within time.Duration, serve func(net.Conn)) *clamd.Scanner {
	t.Helper()
	return scannerAt(t, clamdtest.Serve(t, serve), within)
}

// What the stand-in answers the service's other tests is what the daemon does.
func TestS17_TheStandInAnswersAsTheDaemonDoes(t *testing.T) {
	t.Parallel()
	server := clamdtest.New(t)
	scanner := scannerAt(t, server.Address, patience)
	for body, want := range map[string]string{"%PDF-1.7": "", "": "", "%PDF-1.7 " + clamdtest.Marker: clamdtest.Signature} {
		if signature, err := scanner.Scan(t.Context(), strings.NewReader(body)); signature != want || err != nil {
			t.Errorf("%q: %q, %v", body, signature, err)
		}
	}
	if version, err := scanner.Version(t.Context()); err != nil || version.Engine != "ClamAV 1.4.6" {
		t.Errorf("version %+v, %v", version, err)
	}
	server.Leave()
	if err := scanner.Healthy(t.Context()); !core.HasCode(err, core.CodeScanUnavailable) {
		t.Errorf("one that left is %v", err)
	}
	server.Return()
	if err := scanner.Healthy(t.Context()); err != nil || server.Scans() != 3 || server.Dials() != 6 {
		t.Errorf("one that came back is %v after %d scans and %d dials", err, server.Scans(), server.Dials())
	}
}

// says answers so once it has read some bytes.
func says(answer string) func(net.Conn) {
	return func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 64<<10))
		_, _ = io.WriteString(conn, answer)
		_, _ = io.Copy(io.Discard, conn)
	}
}

// Whatever a scanner does but say "OK", the file does not pass.
func TestS17_AScannerThatMisbehavesLetsNothingPass(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("x", 1<<20)
	for name, serve := range map[string]func(net.Conn){
		"cut at once":          func(net.Conn) {},
		"cut within":           func(conn net.Conn) { _, _ = conn.Read(make([]byte, 1000)) },
		"an unended answer":    says("stream: OK"), // of these two our own bound is the end
		"silent":               says(""),
		"limit exceeded":       says("INSTREAM size limit exceeded. ERROR\x00"),
		"its own error":        says("stream: Can't allocate memory ERROR\x00"),
		"garbage":              says("HTTP/1.1 400 Bad Request\r\n\r\n\x00"),
		"an empty answer":      says("\x00"),
		"an answer for a file": says("/etc/passwd: OK\x00"),
		"a longer answer":      says("stream: OK, I think\x00"),
		"an endless answer":    says(strings.Repeat("stream: OK", 10_000)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			within := patience
			if name == "silent" || name == "an unended answer" {
				within = 100 * time.Millisecond
			}
			signature, err := standIn(t, within, serve).Scan(ctx, strings.NewReader(body))
			if signature != "" || !core.HasCode(err, core.CodeScanUnavailable) {
				t.Errorf("%q, %v", signature, err)
			}
		})
	}
}

func TestS17_MalwareIsToldEvenBeforeTheWholeFileIsSent(t *testing.T) {
	t.Parallel()
	scanner := standIn(t, patience, says("stream: Odd\nName\x1b[31m FOUND\x00"))
	signature, err := scanner.Scan(t.Context(), strings.NewReader(strings.Repeat("x", 1<<20)))
	if signature != "OddName31m" || err != nil {
		t.Errorf("%q, %v", signature, err)
	}
}

// The caller's own end, and the body's, are not the scanner's fault.
func TestAScansOwnEndIsToldAsWhatItIs(t *testing.T) {
	t.Parallel()
	silent := standIn(t, patience, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	ctx, cancel := context.WithCancel(t.Context())
	began := make(chan struct{})
	go func() { <-began; cancel() }()
	_, err := silent.Scan(ctx, io.MultiReader(strings.NewReader("x"), &signalReader{began: began}))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	broken := errors.New("the storage broke off")
	if _, err := silent.Scan(t.Context(), iotest.ErrReader(broken)); !errors.Is(err, broken) || !core.HasCode(err, core.CodeScanUnavailable) {
		t.Errorf("a body that breaks off: %v", err)
	}
	nobody := scannerAt(t, "127.0.0.1:1", patience)
	for name, err := range map[string]error{"Healthy": nobody.Healthy(t.Context()), "Version": second(nobody.Version(t.Context()))} {
		if !core.HasCode(err, core.CodeScanUnavailable) || strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second(_ ports.ScannerVersion, err error) error { return err }

// signalReader ends, and tells that it was read.
type signalReader struct{ began chan struct{} }

func (r *signalReader) Read([]byte) (int, error) {
	close(r.began)
	return 0, io.EOF
}

func TestVersionsAndAddresses(t *testing.T) {
	t.Parallel()
	version, err := standIn(t, patience, says("ClamAV 1.4.6/27500/Sun Nov 22 09:00:00 2026\x00")).Version(t.Context())
	want := ports.ScannerVersion{Engine: "ClamAV 1.4.6", Signatures: "27500", SignedAt: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	if version != want || err != nil {
		t.Errorf("%+v, %v", version, err)
	}
	if version, err = standIn(t, patience, says("ClamAV 1.4.6\x00")).Version(t.Context()); version != (ports.ScannerVersion{Engine: "ClamAV 1.4.6"}) || err != nil {
		t.Errorf("without a database: %+v, %v", version, err)
	}
	if err := standIn(t, patience, says("UNKNOWN COMMAND\x00")).Healthy(t.Context()); !core.HasCode(err, core.CodeScanUnavailable) {
		t.Errorf("no PONG: %v", err)
	}
	for _, address := range []string{"", "localhost", ":3310", "unix:s", "host:"} {
		if _, err := clamd.New(address, time.Second); err == nil {
			t.Errorf("%q was taken", address)
		}
	}
}
