//go:build unix

package boot

import (
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

// watchLevel lets SIGUSR1 switch debug lines on, and off again to the level of
// the configuration. The function it gives ends that.
func watchLevel(j *journal) (end func()) {
	asked, ended := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(asked, syscall.SIGUSR1)
	usual := j.level.Level()
	go func() {
		for {
			select {
			case <-asked:
				j.toggle(usual)
			case <-ended:
				return
			}
		}
	}()
	return func() { signal.Stop(asked); close(ended) }
}

// toggle switches between usual and debug, and says so at a level that is seen.
func (j *journal) toggle(usual slog.Level) {
	next := slog.LevelDebug
	if j.level.Level() == slog.LevelDebug {
		next = usual
	}
	j.level.Set(next)
	slog.New(j).Warn("the log's level was switched", "to", next)
}
