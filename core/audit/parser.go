package audit

import (
	"context"
	"strconv"

	"github.com/insurance-navigator/navigator/core"
)

// parser compares what the parser holds with what the database knows.
func (c Checker) parser(ctx context.Context) ([]Violation, error) {
	if c.Copies == nil {
		return nil, nil
	}
	waiting, err := c.Database.Waitings(ctx) // before the listing: what waits was submitted before
	if err != nil {
		return nil, err
	}
	jobs, err := c.Copies.Jobs(ctx)
	if err != nil {
		return nil, err
	}
	found, err := c.twice(ctx, perAttempt(jobs), core.MaxHandovers)
	if err != nil {
		return nil, err
	}
	found = append(found, forgotten(waiting, jobs)...)
	copies, err := c.Copies.Copies(ctx)
	if err != nil {
		return nil, err
	}
	held, err := c.held(ctx, copies)
	return append(found, held...), err
}

// twice finds the attempts that the parser works on, and charges for, more
// often than it was rightly asked: once, and once more a job that it lost. An
// erased document may have had so many jobs as erased says: what was lost of it
// is not known any more.
func (c Checker) twice(ctx context.Context, jobs map[string]int, erased int) (found []Violation, err error) {
	var ids []core.ID
	for attempt, n := range jobs {
		if id, err := core.ParseID(attempt); err == nil && n > 1 {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	attempts, err := c.Database.Attempts(ctx, ids)
	for _, id := range ids {
		one, n := attempts[id], jobs[id.String()]
		if n <= 1+one.Lost || one.Status == "" && n <= erased {
			continue
		}
		v := Found(ParsedTwice, one.Document, "attempt "+id.String()+": "+strconv.Itoa(n)+" jobs")
		v.Subject = id.String()
		found = append(found, v)
	}
	return found, err
}

// perAttempt counts the jobs of each attempt.
func perAttempt(jobs []Job) map[string]int {
	counts := map[string]int{}
	for _, j := range jobs {
		counts[j.Attempt]++
	}
	return counts
}

// forgotten finds the documents that wait for what the parser does not know.
func forgotten(waiting []Waiting, jobs []Job) (found []Violation) {
	known := map[string]bool{}
	for _, j := range jobs {
		known[j.Attempt] = true
	}
	for _, w := range waiting {
		if !known[w.Attempt.String()] {
			found = append(found, Found(ParseForgotten, w.Document, "attempt "+w.Attempt.String()))
		}
	}
	return found
}

// held judges each copy: one is needed until its text is kept, and is removed
// by a job of its own then.
func (c Checker) held(ctx context.Context, copies []Copy) (found []Violation, err error) {
	var ids []core.ID
	for _, one := range copies {
		if id, err := core.ParseID(one.Attempt); err == nil { // others are not of our making
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	attempts, err := c.Database.Attempts(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		attempt, known := attempts[id]
		rule := CopyOrphaned
		switch {
		case !known:
			rule = CopyUnknown
		case attempt.Busy, attempt.Status == core.Uploaded, attempt.Status == core.ParseQueued:
			continue
		case attempt.Deleted:
			rule = CopyLeft
		}
		v := Found(rule, attempt.Document, "attempt "+id.String())
		v.Subject = id.String()
		found = append(found, v)
	}
	return found, nil
}
