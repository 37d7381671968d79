package core_test

import (
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/core"
)

func TestWhereaboutsAreToldApart(t *testing.T) {
	t.Parallel()
	waiting, running := core.JobState{There: true, Due: true}, core.JobState{There: true, Running: true, Alive: true}
	for name, c := range map[string]struct {
		status core.Status
		job    core.JobState
		polls  bool
		want   core.Whereabouts
	}{
		"queued":                  {core.Uploaded, waiting, false, core.InQueue},
		"running":                 {core.Chunking, running, false, core.AtWork},
		"snoozing":                {core.Uploaded, core.JobState{There: true}, false, core.Snoozing},
		"paused":                  {core.EmbeddingQueued, core.JobState{There: true, Due: true, Paused: true}, false, core.HeldBack},
		"paused and snoozing":     {core.EmbeddingQueued, core.JobState{There: true, Paused: true}, false, core.HeldBack},
		"runs in a paused queue":  {core.EmbeddingInProgress, core.JobState{There: true, Running: true, Alive: true, Paused: true}, false, core.AtWork},
		"dead process":            {core.Chunking, core.JobState{There: true, Running: true}, false, core.Adrift},
		"at the parser":           {core.ParseQueued, core.JobState{}, true, core.AtProvider},
		"polled":                  {core.ParseQueued, running, true, core.AtWork},
		"nobody asks the parser":  {core.ParseQueued, core.JobState{}, false, core.Orphaned},
		"no job":                  {core.Parsed, core.JobState{}, true, core.Orphaned},
		"failed":                  {core.FailedChunking, core.JobState{}, false, core.Failed},
		"complete":                {core.Complete, core.JobState{}, false, core.AtEnd},
		"cancelled, job not gone": {core.Cancelled, running, false, core.AtEnd},
		"purged":                  {core.Deleting, running, false, core.BeingDeleted},
		"purge is lost":           {core.Deleting, core.JobState{There: true, Running: true}, false, core.Adrift},
		"no purge":                {core.Deleting, core.JobState{}, false, core.Orphaned},
	} {
		if got := core.WhereaboutsOf(c.status, c.job, c.polls); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestAnAuditIsKeptOrRefused(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", core.MaxOperator)
	for name, c := range map[string]struct {
		audit core.Audit
		fine  bool
	}{
		"plain":              {core.Audit{Operator: "ada", Reason: "OPS-1"}, true},
		"no reason":          {core.Audit{Operator: "ada"}, true},
		"the longest":        {core.Audit{Operator: long, Reason: strings.Repeat("x", core.MaxReason)}, true},
		"nobody":             {core.Audit{Reason: "OPS-1"}, false},
		"too long a name":    {core.Audit{Operator: long + "x"}, false},
		"too long a reason":  {core.Audit{Operator: "ada", Reason: strings.Repeat("x", core.MaxReason+1)}, false},
		"the service's own":  {core.Audit{Operator: core.ServiceOperator}, false},
		"control characters": {core.Audit{Operator: "ada", Reason: "a\x1b[31m"}, false},
		"two lines":          {core.Audit{Operator: "a\nda"}, false},
	} {
		if fault := c.audit.Fault(); (fault == "") != c.fine {
			t.Errorf("%s: %q", name, fault)
		}
	}
}

func TestAPauseIsNamed(t *testing.T) {
	t.Parallel()
	intake, queue := core.Pause{What: core.PauseIntake}, core.Pause{What: core.PauseQueue("embed")}
	if name, ok := queue.Queue(); !ok || name != "embed" || queue.Code() != core.CodeQueuePaused {
		t.Errorf("%q %t %s", name, ok, queue.Code())
	}
	if _, ok := intake.Queue(); ok || intake.Code() != core.CodeIntakePaused {
		t.Errorf("%t %s", ok, intake.Code())
	}
}
