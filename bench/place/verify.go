package place

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
)

// Verify lets the product's own checker compare database, storage and parser,
// and counts what it found by its rule. Programs has to hold navigator.
func (p *Place) Verify(ctx context.Context) (map[string]int, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(p.options.Bin, "navigator"), "verify", "--json", "--grace", "1s") //nolint:gosec // built here
	cmd.Env = append(basicEnv(), p.environ("worker")...)
	out, err := cmd.Output()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		return nil, fmt.Errorf("run navigator verify: %w", err)
	}
	var told struct {
		Violations []struct {
			Rule string `json:"rule"`
		} `json:"violations"`
	}
	if bad := json.Unmarshal(out, &told); bad != nil {
		return nil, fmt.Errorf("navigator verify could not look: %w", errors.Join(err, bad))
	}
	found := map[string]int{}
	for _, v := range told.Violations {
		found[v.Rule]++
	}
	return found, nil
}
