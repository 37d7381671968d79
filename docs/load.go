package docs

import (
	"github.com/insurance-navigator/navigator/loadtest/load/report"
	"github.com/insurance-navigator/navigator/loadtest/load/result"
	"github.com/insurance-navigator/navigator/loadtest/results"
)

// LoadPictures is the folder of the pictures of the load generator's results,
// from the module's root.
const LoadPictures = "docs/" + report.Pictures

// Load is what the load generator's kept results say; without results that can
// be read it says that.
func Load() string {
	all, err := result.ReadAll(results.Files)
	if err != nil {
		return "The results cannot be read: " + err.Error() + "\n"
	}
	return report.Page(all)
}

// LoadDrawings are the pictures of those results, by the names of their files.
func LoadDrawings() (map[string][]byte, error) {
	all, err := result.ReadAll(results.Files)
	if err != nil {
		return nil, err
	}
	return report.Draw(all)
}
