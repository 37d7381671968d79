package boot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/httpapi"
	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/adapters/tiktoken"
	"github.com/insurance-navigator/navigator/db/legacy"
	"github.com/insurance-navigator/navigator/ports"
)

// AdoptFrom reads the environment and adopts the predecessor's database that
// lies there; a dry run changes nothing. The report is written in either case,
// also where an error ended the run.
func AdoptFrom(ctx context.Context, environ []string, dryRun bool, out io.Writer) error {
	config, err := Read(environ)
	if err != nil {
		return err
	}
	return AdoptWith(ctx, config, dryRun, out)
}

// AdoptWith is AdoptFrom with a configuration that was read.
func AdoptWith(ctx context.Context, config Config, dryRun bool, out io.Writer) error {
	if err := config.Check(Adopt); err != nil {
		return err
	}
	if err := config.CheckMigrateSession(ctx); err != nil {
		return err
	}
	if err := os.MkdirAll(config.SpoolDir, 0o700); err != nil {
		return errors.New("SPOOL_DIR cannot be made: " + errors.Unwrap(err).Error())
	}
	files, err := openOldFiles(ctx, config, dryRun)
	if err != nil {
		return err
	}
	defer files.close()
	options, err := config.adoption(files, dryRun)
	if err != nil {
		return err
	}
	report, err := legacy.Adopt(ctx, options)
	if report.Documents > 0 || err == nil {
		err = errors.Join(err, report.Write(out))
	}
	return err
}

// adopted stands in place of the parser's name beside texts that were taken over.
const adopted = "predecessor"

func (c Config) adoption(files legacy.Files, dryRun bool) (legacy.Options, error) {
	counter, err := tiktoken.New()
	if err != nil {
		return legacy.Options{}, err
	}
	names := httpapi.DefaultLimits().MaxNameBytes
	return legacy.Options{
		URL: c.MigrateURL().Reveal(), DryRun: dryRun, Files: files, Parser: adopted, Model: c.OpenAIModel,
		Count: counter.Count, MaxTokens: ports.MaxEmbedInputTokens, Key: httpapi.Key,
		Name: func(name string) string { return httpapi.DisplayName(name, names) },
		Queue: func(pool *pgxpool.Pool) (legacy.Queue, error) {
			return riverqueue.NewQueue(pool, c.Queues(), slog.New(slog.DiscardHandler))
		},
	}, nil
}

// prepareOurs makes our own bucket, which the files are copied to.
func (c Config) prepareOurs(ctx context.Context) (ports.Blobs, error) {
	ours, err := c.blobs()
	if err != nil {
		return nil, err
	}
	if err := ours.Prepare(ctx); err != nil {
		return nil, fmt.Errorf("storage bucket %s: %w", c.Bucket(), err)
	}
	return ours, nil
}
