package scenario

import (
	"context"
	"maps"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/insurance-navigator/navigator/loadtest/load/result"
)

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// describe says what was loaded.
func (r *run) describe(ctx context.Context, out *result.Result) error {
	if r.target.Door == nil {
		return nil
	}
	about, err := r.target.Door.Describe(ctx)
	out.Place = result.Place{Private: true, MemoryHeldBy: about.MemoryHeldBy, Postgres: about.Postgres, Database: about.Settings,
		Settings: r.Place.Settings, Parse: r.Place.Parse.String(), Embed: r.Place.Embed.String()}
	return err
}

// machine is this one, as far as its system tells.
func machine(before []float64) result.Machine {
	return result.Machine{Cores: runtime.NumCPU(), CPU: fieldOf("/proc/cpuinfo", "model name"), MemoryMiB: kilobytes(fieldOf("/proc/meminfo", "MemTotal")) / 1024,
		System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(), LoadBefore: before, LoadAfter: loadAverages()}
}

// loadAverages are of 1, 5 and 15 minutes; none where the system does not tell.
func loadAverages() (all []float64) {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return nil
	}
	for _, word := range strings.Fields(string(text))[:3] {
		value, err := strconv.ParseFloat(word, 64)
		if err != nil {
			return nil
		}
		all = append(all, value)
	}
	return all
}

// fieldOf reads what stands behind a name and a colon in one of the system's files.
func fieldOf(path, name string) string {
	text, err := os.ReadFile(path) //nolint:gosec // the system's
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func kilobytes(text string) int {
	n, _ := strconv.Atoi(strings.TrimSuffix(text, " kB")) // 0 where it is not told
	return n
}
