package inventory_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/observability/inventory"
)

func TestUses(t *testing.T) {
	t.Parallel()
	got, err := inventory.Uses(`sum by (env, job) (rate(a_total{code=~"5..", route!="GET /x{y}"}[5m] offset 1h)) # c_total
		/ on (env) group_left () b{} > bool 0.5 and up == 1 or {__name__="c", job='x'} unless vector(time()) d[$__rate_interval]`)
	want := []inventory.Use{
		{Labels: []string{"env", "job"}}, {Name: "a_total", Labels: []string{"code", "route"}, Range: "5m"},
		{Labels: []string{"env"}}, {}, {Name: "b"}, {Name: "up"}, {Name: "c", Labels: []string{"job"}}, {Name: "d", Range: "$__rate_interval"},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, bad := range []string{`a{b="c}`, `a{b=}`, `sum by (a`, `a{="x"}`} {
		if _, err := inventory.Uses(bad); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}

func TestCheckFindsWhatNobodyTells(t *testing.T) {
	t.Parallel()
	known := inventory.New("job:errors:rate5m")
	for expr, fine := range map[string]bool{
		`sum by (env) (rate(http_server_request_duration_seconds_bucket{le="10", code="200", job="api"}[5m]))`: true,
		`max by (env, queue) (river_queue_paused{queue="intake"}) == 1`:                                        true,
		`job:errors:rate5m{anything="x"} > 1 and on (other) up`:                                                true,
		`absent(up{job="api"})`:           true,
		`river_queue_pauzed == 1`:         false,
		`river_queue_paused{kind="x"}`:    false,
		`sum by (color) (up)`:             false,
		`job:errors:rate1h`:               false,
		`docpipe_chunks_stored_total{}`:   true,
		`sum(pgxpool_max_conns{p="app"})`: false,
	} {
		if err := known.Check(expr); (err == nil) != fine {
			t.Errorf("%s: %v", expr, err)
		}
	}
}

// What the services register is read with its labels.
func TestRegistered(t *testing.T) {
	t.Parallel()
	all := inventory.Families()
	want := inventory.Family{Name: "river_jobs", Labels: []string{"queue", "kind", "state"}, From: "navigator"}
	if diff := cmp.Diff(want, all["river_jobs"]); diff != "" || len(inventory.Registered()) < 40 {
		t.Errorf("%d families (-want +got):\n%s", len(inventory.Registered()), diff)
	}
}
