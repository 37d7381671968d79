package place

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Build builds the services, and what else is named (such as ./cmd/navigator),
// into a folder; root is the module's folder.
func Build(ctx context.Context, root, bin string, others ...string) error {
	if err := os.MkdirAll(bin, 0o755); err != nil { //nolint:gosec // programs, for everyone to run
		return err
	}
	args := []string{"build", "-o", bin + string(filepath.Separator)}
	for _, name := range Services {
		args = append(args, "./cmd/"+name)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, others...)...) //nolint:gosec // of this tree
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the services: %w\n%s", err, out)
	}
	return nil
}
