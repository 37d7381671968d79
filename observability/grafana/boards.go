package grafana

import (
	"bytes"
	"encoding/json"
)

// All is every dashboard.
func All() []Dashboard {
	return []Dashboard{slo(), pipeline(), external(), queue(), web(), api(), worker(), webhook(), infra(), logs(), security(), business()}
}

// Files are the dashboards as they are provisioned, by their names.
func Files() (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, d := range All() {
		var text bytes.Buffer
		to := json.NewEncoder(&text)
		to.SetEscapeHTML(false) // queries are full of comparisons
		to.SetIndent("", "  ")
		if err := to.Encode(d); err != nil {
			return nil, err
		}
		files[d.UID+".json"] = text.Bytes()
	}
	return files, nil
}
