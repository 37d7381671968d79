package s3archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// What is wrong with a store. Each is wrapped with the name of the object.
var (
	ErrAway   = errors.New("the store of the backups does not answer: wait, and run it again; nothing that was there is harmed")
	ErrDenied = errors.New("the store of the backups refuses us: the login needs s3:PutObject, s3:GetObject and s3:ListBucket there, and to use the bucket's key")
	ErrBucket = errors.New("there is no such bucket of backups: check its address and the region")
	ErrCold   = errors.New("it lies in deep cold storage, which takes hours to read: have the store restore it first")
)

// trouble puts a failed call into words. The store's own are left out: they may
// name the login and the key.
func trouble(ctx context.Context, about string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", about, ctx.Err())
	}
	var refused smithy.APIError
	if !errors.As(err, &refused) {
		return fmt.Errorf("%s: %w", about, ErrAway)
	}
	var answer *smithyhttp.ResponseError
	status := 0
	if errors.As(err, &answer) {
		status = answer.HTTPStatusCode()
	}
	return fmt.Errorf("%s: %w", about, meaning(refused.ErrorCode(), status))
}

// meaning is what the store's code says.
func meaning(code string, status int) error {
	switch code {
	case "NoSuchKey", "NotFound":
		return fs.ErrNotExist
	case "PreconditionFailed":
		return fs.ErrExist
	case "NoSuchBucket", "PermanentRedirect", "AuthorizationHeaderMalformed":
		return ErrBucket
	case "InvalidObjectState":
		return ErrCold
	}
	switch {
	case status == http.StatusForbidden, status == http.StatusUnauthorized:
		return ErrDenied
	case status >= http.StatusInternalServerError, status == 0:
		return ErrAway
	}
	return fmt.Errorf("the store of the backups refuses the call (%d)", status)
}
