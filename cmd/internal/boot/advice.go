package boot

import (
	"fmt"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// advise says in plain words what happens by itself, and what on-call may do.
func (r *Report) advise(c Config) {
	r.MayDo = []string{}
	switch r.Where {
	case core.AwaitsFile:
		r.says(true, fmt.Sprintf("The upload was announced and its file is awaited until %s; without it the upload expires by itself.", r.stamp(r.Deadline)))
	case core.InQueue:
		r.says(true, fmt.Sprintf("Stage %s waits for a free worker of queue %s.", r.Job.Stage, r.Job.Queue))
		r.may("if it stays: navigator queue list shows how long the queue is, /health whether a worker lives")
	case core.HeldBack:
		r.heldBack(c)
	case core.AtWork:
		r.says(true, fmt.Sprintf("Stage %s runs for the %s time, since %s. A run that takes longer than %s is given to another worker.",
			r.Job.Stage, ordinal(r.Job.Run), r.stamp(&r.Job.Attempted), c.Queues().Longest()[r.Job.Stage]))
	case core.Adrift:
		r.says(true, fmt.Sprintf("The process that ran stage %s is dead. Another one gives the job back within %s, if any worker lives.", r.Job.Stage, c.DeadAfter+c.RescueEvery))
		r.may("if it stays: see that a worker runs (/health)")
	case core.Snoozing:
		r.snoozes()
	case core.AtProvider:
		r.awaitsParser()
	case core.Orphaned:
		r.says(false, fmt.Sprintf("No job carries it on. The reconciler gives it one %s after its last move, if the upkeep queue is worked.", c.ReviveAfter))
		r.may("navigator queue list: see that queue upkeep is worked and not paused")
	case core.BeingDeleted:
		r.says(true, "Its owner deleted it: the purge removes the parser's copies, the stored file and every row, and repeats until that is done.")
	case core.Failed:
		r.failed()
	case core.AtEnd:
		r.says(true, "Nothing: it has ended as "+string(r.Status)+".")
	}
	r.object()
}

func (r *Report) says(healthy bool, next string) { r.Healthy, r.Next = healthy, next }

func (r *Report) may(hints ...string) { r.MayDo = append(r.MayDo, hints...) }

// snoozes words a job that waits to be tried again: who is needed depends on
// the kind of what it waits for.
func (r *Report) snoozes() {
	why := ""
	if r.Code != "" {
		why = fmt.Sprintf(" after %s", r.Code)
	}
	r.says(true, fmt.Sprintf("Stage %s is tried again at %s%s; %d of %d tries are used.", r.Job.Stage, r.stamp(&r.Job.At), why, r.Job.Run, r.Job.Runs))
	if r.Code.Kind() == core.Paused {
		r.Healthy = false
		r.mend(r.Code)
	}
}

// heldBack words a queue that rests: the service's own pause is ended by what it
// waits for, a person's by a person.
func (r *Report) heldBack(c Config) {
	if r.Pause == nil || r.Pause.Operator != core.ServiceOperator {
		r.says(false, fmt.Sprintf("Nothing: an operator has paused queue %s, which carries stage %s.", r.Job.Queue, r.Job.Stage))
		r.may("navigator queue list says who and why", "navigator queue resume "+r.Job.Queue)
		return
	}
	r.says(false, fmt.Sprintf("The service has paused queue %s, which carries stage %s, for %s. It looks every %s and goes on by itself.",
		r.Job.Queue, r.Job.Stage, r.Pause.Reason, c.trialAfter(core.Code(r.Pause.Reason))))
	r.mend(core.Code(r.Pause.Reason))
}

func (r *Report) mend(code core.Code) {
	r.may("mend what " + string(code) + " says: a key or an account's balance; the documents then go on by themselves")
}

func (r *Report) awaitsParser() {
	r.says(true, fmt.Sprintf("The parser has it and calls back, or is asked at %s; at %s it is given up.", r.stamp(r.NextPoll), r.stamp(r.Deadline)))
	if r.Provider.State == ports.JobUnknown && r.Provider.Code == "" {
		r.Healthy = false
		r.may("the parser does not know the job: at the next poll the attempt fails, and can be retried")
	}
	if r.Provider.Code != "" {
		r.may("the parser does not say (" + string(r.Provider.Code) + "): see its status page and our key")
	}
}

func (r *Report) failed() {
	r.says(false, fmt.Sprintf("Nothing: the attempt ended with %s. %s", r.Code, r.Code.Message()))
	if _, again := core.Retries[r.Status]; again {
		r.may("once the cause is mended: navigator failed retry --code "+string(r.Code)+" --dry-run", "its owner can retry it, or upload the file again")
		return
	}
	r.may("its owner can upload the file again")
}

// object tells of a stored file that is not as it should be.
func (r *Report) object() {
	switch {
	case r.Where == core.AwaitsFile || r.Where == core.BeingDeleted:
	case r.Object.Code == core.CodeFileMissing && r.Where == core.AtEnd && r.Status != core.Complete:
	case r.Object.Code == core.CodeFileMissing:
		r.Healthy = false
		r.may("the stored file is not there: write to its owner for another upload, and look for who removes objects from the bucket")
	case r.Object.Code != "":
		r.may("the storage does not say (" + string(r.Object.Code) + "): see its status and our key")
	case r.Object.Size != r.Object.Expected:
		r.Healthy = false
		r.may("the stored file is not of the size that was uploaded: it was changed behind the service")
	}
}

// stamp is a moment with its distance from now.
func (r *Report) stamp(t *time.Time) string {
	if t == nil || t.IsZero() {
		return "no set time"
	}
	away := t.Sub(r.Now).Round(time.Second)
	if away < 0 {
		return fmt.Sprintf("%s (%s ago)", t.UTC().Format(time.RFC3339), -away)
	}
	return fmt.Sprintf("%s (in %s)", t.UTC().Format(time.RFC3339), away)
}

// ordinal is 1st, 2nd, 3rd.
func ordinal(n int) string {
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return fmt.Sprintf("%d%s", n, suffix)
}
