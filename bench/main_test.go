package bench

import (
	"fmt"
	"os"
	"testing"
)

// childEnv makes the test binary a rival server instead: "spool", "forward" or "insert".
const childEnv = "BENCH_CHILD"

func TestMain(m *testing.M) {
	if kind := os.Getenv(childEnv); kind != "" {
		os.Exit(bareMain(kind))
	}
	code := m.Run()
	if err := sheet.finish(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		code = 1
	}
	if err := shut(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		code = 1
	}
	os.Exit(code)
}
