package core

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"
)

const secret = "Jane Roe owes $400"

// printed is everything a careless caller could do to print an error.
func printed(err error) []string {
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Error("failed", "error", err)
	slog.New(slog.NewJSONHandler(&log, nil)).Error("failed", "error", err)
	out := []string{err.Error(), log.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		out = append(out, fmt.Sprintf(verb, err), fmt.Sprintf(verb, []error{err}))
	}
	return append(out, fmt.Errorf("stage: %w", err).Error(), errors.Join(err, io.EOF).Error())
}

func TestErrorNeverPrintsItsCause(t *testing.T) {
	t.Parallel()
	hex := fmt.Sprintf("%x", secret)
	for _, err := range []*Error{
		Fail(CodeParseFailed, errors.New(secret)),
		Wait(CodeParserBusy, time.Minute, errors.New(secret)),
		AsError(errors.New(secret)),
		Fail(CodeFileBroken, Fail(CodeInternal, errors.New(secret))),
		Fail(CodeParserUnavailable, &url.Error{Op: "Get", URL: secret, Err: io.EOF}),
	} {
		for _, s := range printed(err) {
			if strings.Contains(s, secret) || strings.Contains(s, hex) {
				t.Errorf("%s prints its cause: %s", err.Code, s)
			}
		}
		for _, s := range []string{fmt.Sprintf("%v", *err), fmt.Sprintf("%+v", *err), fmt.Sprintf("%#v", *err)} {
			if strings.Contains(s, secret) {
				t.Errorf("%s prints its cause as a value: %s", err.Code, s)
			}
		}
		if body, _ := json.Marshal(err); strings.Contains(string(body), secret) {
			t.Errorf("%s marshals its cause: %s", err.Code, body)
		}
	}
}

func TestErrorKeepsItsCauseForTheProcess(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("reading: %w", Fail(CodeStorageUnavailable, io.ErrUnexpectedEOF))
	if !errors.Is(err, io.ErrUnexpectedEOF) || !HasCode(err, CodeStorageUnavailable) || HasCode(err, CodeInternal) {
		t.Errorf("%v: the cause or the code is lost", err)
	}
	if e := AsError(err); e.Code != CodeStorageUnavailable || e.Kind != Transient {
		t.Errorf("AsError is %s, %s", e.Code, e.Kind)
	}
	if HasCode(nil, CodeInternal) || HasCode(io.EOF, CodeInternal) {
		t.Error("an error of no code has one")
	}
}

func TestUnknownFaultsAreTriedAgain(t *testing.T) {
	t.Parallel()
	e := AsError(io.EOF)
	if e.Code != CodeInternal || e.Kind != Transient || !errors.Is(e, io.EOF) {
		t.Errorf("%s, %s, cause %v", e.Code, e.Kind, e.Err)
	}
}

func TestWaitAsksForItsTime(t *testing.T) {
	t.Parallel()
	if e := Wait(CodeParserKey, time.Hour, nil); e.Kind != Busy || e.After != time.Hour || e.Unwrap() != nil {
		t.Errorf("%+v", e)
	}
}

func TestTroubleTellsTheOwnerWordsAndNoCause(t *testing.T) {
	t.Parallel()
	e := Fail(CodePageFailed, errors.New(secret))
	e.Page = 7
	body, err := json.Marshal(TroubleOf(Validate, fmt.Errorf("x: %w", e)))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"code":"page_failed","message":"The page could not be read.","advice":"Write to support with the document id.","page":7,"stage":"validate"}`
	if string(body) != want {
		t.Errorf("got  %s\nwant %s", body, want)
	}
	if trouble := TroubleOf(Embed, errors.New(secret)); trouble.Code != CodeInternal || strings.Contains(fmt.Sprint(trouble), secret) {
		t.Errorf("an unknown fault is told as %+v", trouble)
	}
}
