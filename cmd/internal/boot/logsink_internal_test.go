package boot

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
)

// lines reads all that came through.
func lines(r io.Reader) (all []string) {
	for scanner := bufio.NewScanner(r); scanner.Scan(); {
		all = append(all, scanner.Text())
	}
	return all
}

// Nobody who logs waits for a reader that reads nothing; when it reads again it
// gets whole lines, the oldest first, and is told how many it missed.
func TestAStuckReaderOfLogsStallsNobody(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe() // takes nothing until it is read
	sink := newLogSink(w)
	text, writers := strings.Repeat("x", 1000), sync.WaitGroup{}
	const each = 2 * mostLogBytes / 1000 / 4
	for n := range 4 {
		writers.Go(func() {
			for i := range each {
				fmt.Fprintf(sink, "%d %d %s\n", n, i, text) // one call, one line
			}
		})
	}
	writers.Wait() // with a sink that waits this never ends
	got := make(chan []string, 1)
	go func() { got <- lines(r) }()
	sink.Close()
	<-sink.ended // on a busy machine the reader may take longer than an end waits
	_ = w.Close()
	next, came, dropped := map[int]int{}, 0, 0
	for _, line := range <-got {
		var n, i int
		if _, told, ok := strings.Cut(line, `"msg":"log lines were dropped","lines":`); ok {
			_, _ = fmt.Sscanf(told, "%d}", &n) // 0 fails the sum below
			dropped += n
			continue
		}
		if _, err := fmt.Sscanf(line, "%d %d ", &n, &i); err != nil || len(line) < 1000 || i < next[n] {
			t.Fatalf("out of order or broken: %.40s", line)
		}
		next[n], came = i+1, came+1
	}
	if dropped == 0 || came+dropped != 4*each {
		t.Errorf("%d lines came, %d were told to be dropped, %d were written", came, dropped, 4*each)
	}
}

// What waits at the end is still carried, and a reader that is gone is no error.
func TestTheLastLinesAreCarried(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	sink := newLogSink(w)
	for n := range 100 {
		fmt.Fprintf(sink, "line %d\n", n)
	}
	sink.Close()
	<-sink.ended
	_ = w.Close()
	if got := lines(r); len(got) != 100 || got[99] != "line 99" {
		t.Errorf("%d lines came, the last %q", len(got), got[len(got)-1])
	}
	gone := newLogSink(w) // shut
	if n, err := gone.Write([]byte("a line\n")); n != 7 || err != nil {
		t.Errorf("to nobody: %d, %v", n, err)
	}
	gone.Close()
}
