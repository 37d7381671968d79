// Package clamd_test runs what the container of clamd runs, with a real clamd.
package clamd_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/clamd"
	"github.com/insurance-navigator/navigator/adapters/clamd/clamdtest"
)

// started runs start.sh with the files beside it. In place of the container's are
// the folder of the signatures, the port, and freshclam: one that fetches a
// signature of ours, or nothing.
func started(t *testing.T, signatures string) (address string, ended <-chan struct{}, said *bytes.Buffer) {
	t.Helper()
	if _, err := exec.LookPath("clamd"); err != nil {
		// A scanner of 50 MB that only root can install; CI does.
		t.Skip("skipped: clamd is not here (Debian package clamav-daemon): what its container runs is NOT run")
	}
	dir := t.TempDir()
	data := filepath.Join(dir, "clamav")
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := strconv.Itoa(listener.Addr().(*net.TCPAddr).Port) //nolint:forcetypeassert // of tcp
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile("clamd.conf")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("/tmp/clamav", data, "TemporaryDirectory /tmp", "TemporaryDirectory "+dir, "3310", port, "0.0.0.0", "127.0.0.1").Replace(string(config))
	if os.Getuid() == 0 { // the container is nobody
		text += "User root\n"
	}
	fresh := "#!/bin/sh\ncase \"$*\" in *--daemon*) exit 0 ;; esac\n" + signatures
	for name, text := range map[string]string{"clamd.conf": text, "freshclam.conf": "", "freshclam": fresh} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil { //nolint:gosec // one of them is run
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "start.sh")
	cmd.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "CLAMD_HOME=" + dir, "CLAMD_DATA=" + data}
	said = &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	go func() { defer close(over); _ = cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-over })
	return "127.0.0.1:" + port, over, said
}

// What the container starts finds what its signatures know.
func TestTheContainersClamdFindsTheMarker(t *testing.T) {
	t.Parallel()
	address, ended, said := started(t, fmt.Sprintf("echo 'Navigator.Test:0:*:%x' > \"$CLAMD_DATA/navigator.ndb\"\n", clamdtest.Marker))
	scanner, err := clamd.New(address, clamd.DefaultScanTime)
	if err != nil {
		t.Fatal(err)
	}
	// clamd signals nothing when it is ready: it is asked until a deadline.
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	for scanner.Healthy(t.Context()) != nil {
		select {
		case <-ended:
			t.Fatalf("clamd ended: %s", said)
		case <-deadline.C:
			t.Fatal("clamd does not answer")
		case <-tick.C:
		}
	}
	large := strings.Repeat("%PDF-1.7 nothing in it\n", 4<<20/23)
	for name, c := range map[string]struct{ body, signature string }{
		"clean": {large, ""}, "malware": {"%PDF-1.7 " + clamdtest.Marker, "Navigator.Test.UNOFFICIAL"},
	} {
		if signature, err := scanner.Scan(t.Context(), strings.NewReader(c.body)); err != nil || signature != c.signature {
			t.Errorf("%s: %q, %v", name, signature, err)
		}
	}
}

// Without signatures nothing is scanned: the container ends, and is started anew.
func TestWithoutSignaturesTheContainerEnds(t *testing.T) {
	t.Parallel()
	_, ended, said := started(t, "echo 'no mirror answers' >&2; exit 58\n")
	<-ended
	if !strings.Contains(said.String(), "no mirror answers") {
		t.Errorf("it says %q", said)
	}
}
