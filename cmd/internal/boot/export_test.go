package boot

import (
	"context"
	"log/slog"
	"time"
)

// Scrub is one round of scrubbing over a configuration's storage, with the ages
// from which the files of deleted documents and unknown ones are removed.
func Scrub(ctx context.Context, c Config, left, lost time.Duration, log *slog.Logger) error {
	keeper, err := NewKeeper(ctx, c)
	if err != nil {
		return err
	}
	defer keeper.Close()
	blobs, err := c.blobs()
	if err != nil {
		return err
	}
	s := newScrubbing(c, keeper.pool, keeper.store, blobs, log)
	s.left, s.lost, s.pause = left, lost, 0
	return s.Run(ctx)
}

// RunUnmeasured is Run without any family: what a benchmark compares with.
func RunUnmeasured(ctx context.Context, config Config, service Service, log *slog.Logger, ready func(Addresses)) error {
	return run(ctx, config, service, journaled{Logger: log}, meters{}, ready)
}
