// Command vulnerabilities judges what govulncheck -format json writes: it names
// every known vulnerability in code that is called, says which are excused and
// why, and ends with 1 where one is not.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
)

// excused are vulnerabilities of modules that are called, with the reason why
// they are none of ours. loki-client-go is archived and does not build with a
// Prometheus in which they are mended; of Prometheus it calls the parser of one
// metric's labels, and the advisories name no symbols, so that any call counts.
var excused = map[string]string{
	"GO-2026-5264": "a server's remote read endpoint: none is served here",
	"GO-2026-5381": "a page of Prometheus' web interface: it is not in our programs",
	"GO-2026-5662": "a page of Prometheus' web interface: it is not in our programs",
}

// message is one of the stream: of many kinds, findings matter here. The first
// of a trace has a function where the vulnerable code is called.
type message struct {
	Config  *struct{} `json:"config"`
	Finding *struct {
		OSV   string `json:"osv"`
		Trace []struct {
			Module   string `json:"module"`
			Version  string `json:"version"`
			Function string `json:"function"`
		} `json:"trace"`
	} `json:"finding"`
}

// called reads which vulnerabilities are called, with the module that has them.
func called(from io.Reader) (map[string]string, error) {
	found, begun := map[string]string{}, false
	for stream := json.NewDecoder(from); ; {
		var m message
		err := stream.Decode(&m)
		switch {
		case errors.Is(err, io.EOF) && begun:
			return found, nil
		case err != nil:
			return nil, fmt.Errorf("what govulncheck wrote: %w", err)
		}
		begun = begun || m.Config != nil
		if f := m.Finding; f != nil && len(f.Trace) > 0 && f.Trace[0].Function != "" {
			found[f.OSV] = f.Trace[0].Module + "@" + f.Trace[0].Version
		}
	}
}

// judge tells of each vulnerability, and reports whether all is well.
func judge(found, excused map[string]string, to io.Writer) (well bool) {
	well = true
	for _, id := range slices.Sorted(maps.Keys(found)) {
		if reason := excused[id]; reason != "" {
			_, _ = fmt.Fprintf(to, "%s in %s is excused: %s\n", id, found[id], reason)
			continue
		}
		well = false
		_, _ = fmt.Fprintf(to, "%s in %s is called: https://pkg.go.dev/vuln/%s\n", id, found[id], id)
	}
	return well
}

// stale lists the excuses of what is not found any more.
func stale(found, excused map[string]string) (ids []string) {
	for _, id := range slices.Sorted(maps.Keys(excused)) {
		if found[id] == "" {
			ids = append(ids, id)
		}
	}
	return ids
}

func main() {
	found, err := called(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	well := judge(found, excused, os.Stdout)
	for _, id := range stale(found, excused) { // an older copy of the database may not know it
		fmt.Printf("%s is excused and was not found\n", id)
	}
	fmt.Printf("%d known vulnerabilities are called, %d of them excused\n", len(found), len(excused)-len(stale(found, excused)))
	if !well {
		os.Exit(1)
	}
}
