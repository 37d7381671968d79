package boot

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// Main is the whole of a service's main: signals, configuration, serve. It
// returns the exit code. A second signal ends the process at once. As
// "SERVICE healthcheck" it asks the running service whether it lives.
func Main(service Service) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	defer stop()
	config, err := Read(os.Environ())
	switch asked := len(os.Args) > 1; {
	case err != nil:
	case asked && os.Args[1] == "healthcheck":
		err = healthcheck(ctx, config, service)
	case asked:
		err = fmt.Errorf("run it without arguments, or as: %s healthcheck", service)
	default:
		err = runLogged(ctx, config, service)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", service, err)
		return 1
	}
	return 0
}

// runLogged runs with the log on standard output, whoever reads that or does
// not: a reader that is slow costs lines and no time, and one that is gone does
// not end the process.
func runLogged(ctx context.Context, config Config, service Service) error {
	signal.Ignore(syscall.SIGPIPE)
	sink := newLogSink(os.Stdout)
	defer sink.Close()
	return run(ctx, config, service, journaled{NewLog(sink, config), sink}, newMeters(), nil)
}
