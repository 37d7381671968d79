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
	found, err := c.of(ctx, twice(jobs))
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

// of names the documents of violations that know an attempt alone.
func (c Checker) of(ctx context.Context, found []Violation) ([]Violation, error) {
	var ids []core.ID
	for _, v := range found {
		if id, err := core.ParseID(v.Subject); err == nil {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return found, nil
	}
	attempts, err := c.Database.Attempts(ctx, ids)
	for i, id := range ids {
		found[i].Document = attempts[id].Document
	}
	return found, err
}

// twice finds the attempts that the parser works on, and charges for, more
// than once.
func twice(jobs []Job) []Violation {
	counts := map[string]int{}
	for _, j := range jobs {
		counts[j.Attempt]++
	}
	return doubles(counts)
}

func doubles(counts map[string]int) (found []Violation) {
	for attempt, n := range counts {
		if _, err := core.ParseID(attempt); err == nil && n > 1 {
			v := Found(ParsedTwice, core.ID{}, "attempt "+attempt+": "+strconv.Itoa(n)+" jobs")
			v.Subject = attempt
			found = append(found, v)
		}
	}
	return found
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
