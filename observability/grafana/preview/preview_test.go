package preview_test

import (
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/observability/grafana"
	"github.com/insurance-navigator/navigator/observability/grafana/panels"
	"github.com/insurance-navigator/navigator/observability/grafana/preview"
)

// told is what a Prometheus answers that knows one series of two points, the
// first of them no number.
const told = `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"slo":"<uptime>","job":"api","env":"test"},"values":[[1,"NaN"],[2,"0.25"]]}]}}`

// Every panel is asked with its variables filled in, and drawn with what was
// told, escaped; a panel whose teller is not there says so.
func TestEveryPanelIsAskedAndDrawn(t *testing.T) {
	t.Parallel()
	var unfilled []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if query := r.URL.Query().Get("query"); strings.Contains(query, "$") {
			unfilled = append(unfilled, query)
		}
		_, _ = w.Write([]byte(told))
	}))
	t.Cleanup(server.Close)
	scene := panels.Scene{Prometheus: server.URL, From: time.Unix(0, 0), To: time.Unix(60, 0), Step: time.Second, Window: 4 * time.Second, Values: map[string]string{"env": "test", "job": "api"}}
	shots, err := scene.Shoot(t.Context(), grafana.All(), nil)
	if err != nil || len(unfilled) > 0 {
		t.Fatalf("%v; not filled in: %q", err, unfilled)
	}
	for _, shot := range shots {
		if shot.Empty() || (shot.Target.Datasource.Type == "loki") != (shot.Needs == "Loki") {
			t.Errorf("%s: empty: %t, needs %q", shot.Name(), shot.Empty(), shot.Needs)
		}
	}
	for _, d := range grafana.All() {
		text, err := preview.Draw(d, shots)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range d.Panels {
			if !strings.Contains(string(text), p.Title) && !strings.Contains(p.Title, "'") {
				t.Errorf("%s: %s is not drawn", d.UID, p.Title)
			}
		}
		if strings.Contains(string(text), "<uptime>") {
			t.Errorf("%s: what was told is not escaped", d.UID)
		}
	}
	if page := panels.Page(shots); !strings.Contains(page, "25 %") || !strings.Contains(page, "needs Loki") {
		t.Error("the page tells neither the value nor what was not asked")
	}
}

// What has no number is empty, so that a run fails for it.
func TestNothingAndNoNumberAreEmpty(t *testing.T) {
	t.Parallel()
	for name, shot := range map[string]panels.Shot{
		"no series": {},
		"no number": {Series: []panels.Series{{Points: []panels.Point{{Value: math.NaN()}}}}},
	} {
		if !shot.Empty() {
			t.Errorf("%s is taken for something", name)
		}
	}
	if (panels.Shot{Series: []panels.Series{{Points: []panels.Point{{Value: 0}}}}}).Empty() {
		t.Error("zero is taken for nothing")
	}
}
