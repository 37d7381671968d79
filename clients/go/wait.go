package navigatorapi

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// Wait asks for a document until nothing happens to it any more without
// somebody's doing, and returns where it stands then: complete, failed,
// cancelled or being removed. It asks again after every, or later when the
// service says so. A *Problem says that the service refused to tell, for
// instance that there is no such document; an end of ctx is ctx's error.
func Wait(ctx context.Context, client ClientWithResponsesInterface, id string, every time.Duration) (*Document, error) {
	for {
		answer, err := client.GetDocumentWithResponse(ctx, id)
		if err != nil {
			return nil, err
		}
		pause, err := pauseAfter(answer, every)
		if err != nil {
			return nil, err
		}
		if problem := ProblemOf(answer); problem == nil && !moves(answer.JSON200.NextStep) {
			return answer.JSON200, nil
		}
		if err := sleep(ctx, pause); err != nil {
			return nil, err
		}
	}
}

// moves reports whether the service is at work on the document.
func moves(next NextStep) bool {
	return next == NextStepWaitsForParser || next == NextStepContinuesByItself
}

// pauseAfter is how long to wait before asking again, or the problem that
// asking again does not help with.
func pauseAfter(answer *GetDocumentResponse, every time.Duration) (time.Duration, error) {
	problem := ProblemOf(answer)
	switch {
	case problem == nil && answer.JSON200 == nil:
		return 0, errors.New("navigatorapi: the answer is no document")
	case problem == nil:
		return every, nil
	case answer.StatusCode() == http.StatusServiceUnavailable || answer.StatusCode() == http.StatusTooManyRequests:
		seconds, _ := strconv.Atoi(answer.HTTPResponse.Header.Get("Retry-After")) // none is none
		return max(every, time.Duration(seconds)*time.Second), nil
	default:
		return 0, problem
	}
}

func sleep(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
