package prometheus_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/observability/prometheus"
)

// The files of the objectives are what the objectives say.
func TestGeneratedRulesDrift(t *testing.T) {
	t.Parallel()
	for name, want := range prometheus.Generated() {
		text, err := os.ReadFile(name) //nolint:gosec // of this tree
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(text)); diff != "" {
			t.Errorf("%s is not what slo.go says: make generate (-code +file):\n%s", name, diff)
		}
	}
}

// burnTrials are a case above and one at the bound of each pair of windows of
// each objective. The silent one has the long window above: both must be.
func burnTrials() (list []trial) {
	for _, o := range prometheus.Objectives() {
		for _, burn := range prometheus.Burns {
			bound := burn.Factor * o.Budget()
			record := func(window string, value float64) (string, string) {
				return fmt.Sprintf("slo:sli_error:ratio_rate%s{@, slo=%q, service=%q}", window, o.Name, o.Service), fmt.Sprintf("%.6gx600", value)
			}
			fires, silent := series{}, series{}
			for _, window := range []string{burn.Long, burn.Short} {
				name, value := record(window, bound*1.01)
				fires[name] = value
				silent[name] = value
			}
			name, value := record(burn.Short, bound)
			silent[name] = value
			list = append(list, trial{"ErrorBudgetBurn", burn.For,
				fmt.Sprintf("env=production, slo=%s, long=%s", o.Name, burn.Long), "", fires, silent})
		}
	}
	return list
}

const minutes5 = "slo:sli_error:ratio_rate5m"

// Each objective's records count what goes wrong, by either spelling of an
// edge, and 0 where nothing does.
func TestTheRecordsCount(t *testing.T) {
	t.Parallel()
	needsPromtool(t)
	overhead := `docpipe_document_overhead_seconds`
	input := func(edge string, bad int) []inputSeries {
		good := fmt.Sprintf("0+%dx40", 100-bad)
		s := series{
			`probe_success{@, job="probe", instance="a"}`: "1x40", `probe_success{@, job="other"}`: "0x40",
			answered: good, within + `"10` + edge + `"}`: good, calledIn + `"1` + edge + `"}`: good, called: "0+100x40",
			overhead + `_bucket{@, job="worker", outcome="complete", le="10` + edge + `"}`: good, overhead + `_count{@, job="worker", outcome="complete"}`: "0+100x40",
			finished + `"complete", reason=""}`: good, finished + `"failed", reason="file_encrypted"}`: "0x40", probed: "0+50x40",
		}
		if bad > 0 {
			s[failed] = fmt.Sprintf("0+%dx40", bad)
			s[finished+`"failed", reason="internal"}`] = fmt.Sprintf("0+%dx40", bad)
		}
		return s.input()
	}
	expr := func(slo, service string, value float64) promtoolExpr {
		return promtoolExpr{fmt.Sprintf("round(%s{slo=%q}, 0.001)", minutes5, slo), "10m",
			[]promtoolSample{{fmt.Sprintf(`{env="production", slo=%q, service=%q}`, slo, service), value}}}
	}
	var tests []promtoolTest
	for _, edge := range []string{"", ".0"} {
		for _, bad := range []int{0, 25} {
			one := promtoolTest{Name: fmt.Sprintf("%d %% bad, edge 10%s", bad, edge), Interval: "30s", Input: input(edge, bad)}
			share := float64(bad) / 100
			one.Exprs = []promtoolExpr{expr("uptime", "edge", 0), expr("api-availability", "api", share), expr("api-latency", "api", share),
				expr("document-latency", "worker", share), expr("webhook-latency", "webhook", share)}
			if bad > 0 { // the first failure makes its series; meter's are there from the start
				one.Exprs = append(one.Exprs, expr("pipeline-success", "worker", share))
			}
			tests = append(tests, one)
		}
	}
	for _, f := range files(t) {
		if f.Name == "slo.yaml" {
			unit(t, place(t, f), 30*time.Second, tests)
		}
	}
}

// The objectives are those that were promised.
func TestObjectives(t *testing.T) {
	t.Parallel()
	got := map[string]float64{}
	for _, o := range prometheus.Objectives() {
		got[o.Name] = o.Percent
	}
	want := map[string]float64{"uptime": 99.9, "api-availability": 99, "api-latency": 99, "document-latency": 99, "webhook-latency": 99, "pipeline-success": 99}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, f := range files(t) {
		if f.Name == "documents.yaml" && !strings.Contains(f.Text, strings.Join(prometheus.OwnersFault(), "|")) {
			t.Error("DocumentsFail leaves out other reasons than the objective")
		}
	}
}
