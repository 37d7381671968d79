package s3archive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager/types"
)

// errStopped ends the writer of an object that the store does not take.
var errStopped = errors.New("the store has ended the object")

// Create is ports.Archive: one request, or parts that become an object at their
// end. The store takes it where nobody has the name, and holds each request to a
// digest of what was sent.
func (a *Archive) Create(ctx context.Context, name string, fill func(io.Writer) error) error {
	sum := sha256.New()
	from, to := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := fill(io.MultiWriter(to, sum))
		to.CloseWithError(err) // never an error
		ended <- err
	}()
	_, sent := a.transfer.UploadObject(ctx, a.upload(name, from))
	from.CloseWithError(errStopped) // the writer ends, wherever it is
	filled := <-ended
	switch {
	case filled != nil && !errors.Is(filled, errStopped):
		return fmt.Errorf("%s was not written: %w", name, filled)
	case sent == nil:
		return nil
	}
	err := trouble(ctx, name+" was not written", sent)
	if errors.Is(err, fs.ErrExist) && filled == nil {
		return a.ours(ctx, name, sum)
	}
	return err
}

func (a *Archive) upload(name string, body io.Reader) *transfermanager.UploadObjectInput {
	in := &transfermanager.UploadObjectInput{Bucket: &a.bucket, Key: a.key(name), Body: body, IfNoneMatch: aws.String("*")}
	if a.kms != "" {
		in.ServerSideEncryption, in.SSEKMSKeyID = types.ServerSideEncryptionAwsKms, &a.kms
	}
	return in
}

// ours looks at an object that was there already: where it is what was sent, an
// earlier try had stored it and its answer was lost.
func (a *Archive) ours(ctx context.Context, name string, sent hash.Hash) error {
	there := sha256.New()
	body, err := a.Open(ctx, name)
	if err != nil {
		return err
	}
	_, err = io.Copy(there, body)
	switch {
	case errors.Join(err, body.Close()) != nil:
		return fmt.Errorf("%s was not written: %w", name, err)
	case !bytes.Equal(there.Sum(nil), sent.Sum(nil)):
		return fmt.Errorf("%s was not written: %w", name, fs.ErrExist)
	}
	return nil
}
