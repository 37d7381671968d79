package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// initdb makes a fresh cluster beside its final place and moves it there when
// complete: a run killed half-way leaves nothing that looks like a cluster.
func (s *server) initdb(ctx context.Context) error {
	s.opts.logf("creating a private PostgreSQL %d cluster in %s", s.bins.Major, s.data())
	fresh := s.data() + ".new"
	var err error
	for _, locale := range []string{"C.UTF-8", "C"} {
		if err = os.RemoveAll(fresh); err != nil {
			return explainWrite(fresh, err)
		}
		if err = s.runInitdb(ctx, fresh, locale); err == nil {
			break
		}
		if !strings.Contains(err.Error(), "locale") {
			break
		}
	}
	if err != nil {
		return err
	}
	if err := includeConfig(filepath.Join(fresh, "postgresql.conf")); err != nil {
		return explainWrite(fresh, err)
	}
	if err := os.Rename(fresh, s.data()); err != nil {
		return explainWrite(s.data(), err)
	}
	return nil
}

func (s *server) runInitdb(ctx context.Context, dir, locale string) error {
	pwfile := filepath.Join(s.home, "initial-password")
	if err := s.writeOwned(pwfile, s.password+"\n"); err != nil {
		return err
	}
	defer func() { _ = os.Remove(pwfile) }()
	args := []string{"-D", dir, "-U", superuser, "-E", "UTF8", "--locale=" + locale,
		"-A", "scram-sha-256", "--pwfile=" + pwfile}
	if s.opts.Settings["fsync"] == "off" {
		args = append(args, "--no-sync")
	}
	out, err := s.acct.command(ctx, s.program("initdb"), args...).CombinedOutput()
	if err != nil {
		return explainOutput("initdb", s.home, reason(string(out)), err)
	}
	return nil
}

// writeOwned replaces a file that the server's account may read, and nobody
// else. The old one is removed first: it may belong to the account.
func (s *server) writeOwned(path, text string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return explainWrite(path, err)
	}
	// Exclusive creation: a link planted in between must not be followed.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return explainWrite(path, err)
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return explainWrite(path, err)
	}
	return s.acct.own(path)
}

func includeConfig(conf string) error {
	f, err := os.OpenFile(conf, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString("\ninclude_if_exists = '" + configFile + "'\n")
	return errors.Join(err, f.Close())
}

// launch starts the server and returns its port. It tries again with another
// port when the chosen one was taken in between, and on the same data while
// the last children of a killed server let go of its memory.
func (s *server) launch(ctx context.Context) (int, error) {
	deadline := time.Now().Add(startTimeout)
	for {
		port, err := s.choosePort()
		if err != nil {
			return 0, err
		}
		text, err := s.launchOn(ctx, port)
		if err == nil {
			s.opts.logf("PostgreSQL %d listens on 127.0.0.1:%d, data in %s", s.bins.Major, port, s.data())
			return port, s.st.write(filePort, strconv.Itoa(port))
		}
		if !transient(text) || time.Now().After(deadline) || ctx.Err() != nil {
			return 0, explainOutput("start PostgreSQL", s.home, reason(text), err)
		}
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			return 0, fmt.Errorf("start PostgreSQL in %s: %w", s.data(), err)
		}
	}
}

// launchOn runs pg_ctl, which detaches the server into its own session and
// waits until it is ready. On failure it returns what the server logged.
func (s *server) launchOn(ctx context.Context, port int) (string, error) {
	if err := s.writeOwned(filepath.Join(s.data(), configFile), renderConfig(port, s.opts.Settings)); err != nil {
		return "", err
	}
	if err := os.Rename(s.log(), s.log()+".old"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", explainWrite(s.log(), err)
	}
	cmd := s.acct.command(ctx, s.program("pg_ctl"), "start", "-D", s.data(), "-l", s.log(),
		"-w", "-t", strconv.Itoa(int(startTimeout.Seconds())), "-s")
	out, err := cmd.CombinedOutput()
	if err == nil {
		return "", nil
	}
	logged, _ := os.ReadFile(s.log())
	return string(logged) + string(out), err
}

// transient tells the failures that a little time or another port cures.
func transient(log string) bool {
	return strings.Contains(log, "Address already in use") ||
		strings.Contains(log, "could not create any TCP/IP sockets") ||
		strings.Contains(log, "pre-existing shared memory block")
}

// explainOutput turns what a PostgreSQL program printed into one line.
func explainOutput(what, place, text string, err error) error {
	switch {
	case strings.Contains(text, "No space left on device"), strings.Contains(text, "Check free disk space"), strings.Contains(text, "Disk quota exceeded"):
		return fmt.Errorf("%s: the disk that holds %s is full: free some space and try again", what, place)
	case strings.Contains(text, "Permission denied"):
		return fmt.Errorf("%s: the user that runs PostgreSQL may not use %s: %s", what, place, oneLine(text))
	case strings.Contains(text, "incompatible with server"):
		return fmt.Errorf("%s: the data in %s was made by another major version of PostgreSQL", what, place)
	}
	return fmt.Errorf("%s in %s: %s: %w", what, place, oneLine(text), err)
}

// reason picks the fatal lines out of a server log.
func reason(log string) string {
	var fatal []string
	for line := range strings.Lines(log) {
		for _, mark := range []string{"FATAL:", "PANIC:", "HINT:", "No space left", "could not"} {
			if strings.Contains(line, mark) {
				fatal = append(fatal, line)
				break
			}
		}
	}
	if len(fatal) == 0 {
		return lastLines(log, 3)
	}
	return lastLines(strings.Join(fatal, ""), 4)
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
