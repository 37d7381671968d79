package boot_test

import (
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// clamStand speaks clamd's protocol as far as the service does, and finds the
// marker. The adapter's own tests hold it to the real one.
type clamStand struct {
	away  atomic.Bool
	scans atomic.Int64
	at    string
}

const malware = "navigator-test-malware-7d1f"

func newClamStand(t *testing.T) *clamStand {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it ends with the test
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	s := &clamStand{at: listener.Addr().String()}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go s.serve(conn)
		}
	}()
	return s
}

func (s *clamStand) serve(conn net.Conn) {
	defer conn.Close() //nolint:errcheck // a stand-in's
	if s.away.Load() {
		return
	}
	command := make([]byte, len("zINSTREAM\x00"))
	if n, err := io.ReadAtLeast(conn, command, len("zPING\x00")); err != nil || string(command[:n]) == "zPING\x00" {
		_, _ = io.WriteString(conn, "PONG\x00")
		return
	}
	s.scans.Add(1)
	var file strings.Builder
	for {
		size := make([]byte, 4)
		if _, err := io.ReadFull(conn, size); err != nil {
			return
		}
		n := int64(binary.BigEndian.Uint32(size))
		if n == 0 {
			break
		}
		if _, err := io.CopyN(&file, conn, n); err != nil {
			return
		}
	}
	answer := "stream: OK\x00"
	if strings.Contains(file.String(), malware) {
		answer = "stream: Navigator.Test FOUND\x00"
	}
	_, _ = io.WriteString(conn, answer)
}

// With a scanner nothing reaches the parser that it did not look at: while it is
// away documents wait, whole and unfailed; what is found fails for that reason,
// its file is removed and given to nobody, and it cannot be retried.
func TestS17_NothingUnscannedReachesTheParser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	clam := newClamStand(t)
	clam.away.Store(true)
	w.config.Clamd = clam.at
	w.start(boot.Dev)
	ada := w.person("ada")
	card := corpus.MemberCard().Bytes
	clean, bad := ada.taken("card.pdf", card), ada.taken("bad.pdf", append(card[:len(card):len(card)], "\n% "+malware...))
	w.until("both documents to wait for the scanner", func() bool {
		return w.count(`select count(*) from river.river_job where kind = 'parse' and state = 'scheduled' and metadata ->> 'navigator:code' = 'scanner_unavailable'`) == 2
	})
	if jobs := w.llama.Ledger().Jobs; len(jobs) != 0 {
		t.Errorf("the parser was given %d files that nobody looked at", len(jobs))
	}
	var health struct {
		Services map[string]string `json:"services"`
	}
	w.call(http.MethodGet, w.api+"/health", "", nil, &health)
	if health.Services["scanner"] != "unhealthy" {
		t.Errorf("health says %v", health.Services)
	}
	clam.away.Store(false)
	w.exec(`update river.river_job set scheduled_at = now(), state = 'available' where kind = 'parse' and state = 'scheduled'`)
	ada.completes(clean)
	w.infected(ada, bad)
	if jobs := w.llama.Ledger().Jobs; len(jobs) != 1 || clam.scans.Load() != 2 {
		t.Errorf("the parser was given %d files after %d looks", len(jobs), clam.scans.Load())
	}
}

// infected waits for the document's end, and looks at what is left of it.
func (w *world) infected(ada person, id string) {
	w.t.Helper()
	var stands struct {
		Status    core.Status `json:"status"`
		NextStep  string      `json:"next_step"`
		Marks     []core.Mark `json:"marks"`
		LastError struct {
			Code core.Code `json:"code"`
		} `json:"last_error"`
	}
	w.until("the malware to be found", func() bool {
		w.call(http.MethodGet, w.api+"/documents/"+id, ada.token, nil, &stands)
		return stands.Status == core.FailedParse
	})
	if stands.LastError.Code != core.CodeFileInfected || stands.NextStep != "none" || len(stands.Marks) != 1 || stands.Marks[0] != core.MarkTrailingData {
		w.t.Errorf("it stands as %+v", stands)
	}
	w.until("its file to be removed", func() bool { return w.objects() == 1 })
	for call, want := range map[string]int{"GET /file": 410, "GET /file/link": 410, "POST /retry": 422} {
		method, path, _ := strings.Cut(call, " ")
		if status := w.call(method, w.api+"/documents/"+id+path, ada.token, nil, nil); status != want {
			w.t.Errorf("%s: %d, want %d", call, status, want)
		}
	}
	if !strings.Contains(w.logs.String(), `"kind":"upload_validation:malware","document_id":"`+id) {
		w.t.Error("the log has no event of security")
	}
}
