package scenario

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// Door is a private place's control. A nil Door is a deployed place: there is none.
type Door struct {
	address string
	client  *http.Client
	command *exec.Cmd
	life    io.Closer // the place ends when it is closed
}

// Description is what a place says of itself.
type Description struct {
	API          string            `json:"api"`
	Webhook      string            `json:"webhook"`
	MemoryHeldBy string            `json:"memory_held_by"`
	Postgres     string            `json:"postgres"`
	Settings     map[string]string `json:"settings"`
}

// doorTime bounds a step: a million rows take long.
const doorTime = time.Hour

// OpenPlace starts the place's program with what a scenario tells it, and waits
// for its door. Logs go to a file where one is named.
func OpenPlace(ctx context.Context, program, bin, logs string, p Place) (*Door, error) {
	args := []string{"--bin", bin, "--parse", p.Parse.String(), "--embed", p.Embed.String(), "--memory", strconv.Itoa(p.MemoryMiB), "--buffers", strconv.Itoa(p.BuffersMiB), "--logs", logs}
	for name, value := range p.Settings {
		args = append(args, "--set", name+"="+value)
	}
	d := &Door{client: &http.Client{Timeout: doorTime}, command: exec.CommandContext(context.WithoutCancel(ctx), program, args...)} //nolint:gosec // named by who runs this
	d.command.Stderr = os.Stderr
	life, err := d.command.StdinPipe()
	if err != nil {
		return nil, err
	}
	d.life = life
	out, err := d.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := d.command.Start(); err != nil {
		return nil, fmt.Errorf("start a private place: %w", err)
	}
	if d.address, err = readDoor(out); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// UseDoor is the door of a place that somebody else opened and will close.
func UseDoor(address string) *Door {
	return &Door{address: address, client: &http.Client{Timeout: doorTime}}
}

// readDoor reads the program's output until it says where its door is.
func readDoor(out io.Reader) (string, error) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var line struct {
			Message string `json:"msg"`
			Door    string `json:"door"`
		}
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Message == "ready" {
			return line.Door, nil
		}
	}
	return "", errors.Join(errors.New("the private place did not open"), lines.Err())
}

// Close ends a place that was opened here.
func (d *Door) Close() error {
	if d.command == nil {
		return nil
	}
	return errors.Join(d.life.Close(), d.command.Wait())
}

// ask makes one call, and reads the answer into value.
func (d *Door) ask(ctx context.Context, method, path string, body []byte, value any) error {
	request, err := http.NewRequestWithContext(ctx, method, d.address+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	response, err := d.client.Do(request)
	if err != nil {
		return fmt.Errorf("the place's door: %w", err)
	}
	defer response.Body.Close() //nolint:errcheck // read below
	text, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return fmt.Errorf("the place's door: %w", err)
	case response.StatusCode/100 != 2:
		return fmt.Errorf("the place's door, %s: %s", path, strings.TrimSpace(string(text)))
	case value != nil:
		return json.Unmarshal(text, value)
	}
	return nil
}

// Describe asks what the place is.
func (d *Door) Describe(ctx context.Context) (about Description, err error) {
	return about, d.ask(ctx, http.MethodGet, "/place", nil, &about)
}

func (d *Door) figures(ctx context.Context) (all map[string]float64, err error) {
	return all, d.ask(ctx, http.MethodGet, "/figures", nil, &all)
}

// violations asks the product's own checker.
func (d *Door) violations(ctx context.Context) (byRule map[string]int, err error) {
	return byRule, d.ask(ctx, http.MethodGet, "/verify", nil, &byRule)
}

func (d *Door) letters(ctx context.Context) (all []letter, err error) {
	return all, d.ask(ctx, http.MethodGet, "/callbacks", nil, &all)
}

// step does what needs the door.
func (d *Door) step(ctx context.Context, s Step, users []string) error {
	switch s.Act {
	case Hold, Pass:
		return d.ask(ctx, http.MethodPost, "/callbacks/"+string(s.Act), nil, nil)
	case Start, Stop, Kill:
		return d.ask(ctx, http.MethodPost, "/processes/"+s.Service+"/"+string(s.Act), nil, nil)
	case Chunks:
		body, err := json.Marshal(map[string]any{"owners": users, "owned": s.Owned, "others": s.Others})
		if err != nil {
			return err
		}
		return d.ask(ctx, http.MethodPost, "/chunks", body, nil)
	}
	return fmt.Errorf("a door knows no step %q", s.Act)
}
