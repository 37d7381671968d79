package s3archive

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// resumes is how often in a row an answer may break off without a byte of it.
const resumes = 5

// Open is ports.Archive. An answer that breaks off is asked for again from there
// on, as long as the object is the same.
func (a *Archive) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	out, err := a.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &a.bucket, Key: a.key(name), ChecksumMode: types.ChecksumModeEnabled})
	if err != nil {
		return nil, trouble(ctx, name, err)
	}
	return &object{ctx: ctx, archive: a, name: name, body: out.Body, size: aws.ToInt64(out.ContentLength), tag: out.ETag}, nil
}

// object is one that is being read.
type object struct {
	ctx     context.Context //nolint:containedctx // a reader has no other way to hear of its end
	archive *Archive
	name    string
	body    io.ReadCloser
	at      int64 // bytes that were read
	size    int64
	tag     *string
	dry     int // answers in a row that brought nothing
}

// Read implements io.Reader.
func (o *object) Read(p []byte) (int, error) {
	for {
		n, err := o.body.Read(p)
		o.at += int64(n)
		if n > 0 {
			o.dry = 0
		}
		switch {
		case err == nil, n > 0 && o.at < o.size: // what is wrong shows at the next read
			return n, nil
		case errors.Is(err, io.EOF) && o.at >= o.size:
			return n, io.EOF
		case o.at >= o.size: // all of it is there, and is not what its checksum says
			return n, fmt.Errorf("%s: the store's answer is not what was stored", o.name)
		}
		if err := o.resume(); err != nil {
			return n, err
		}
	}
}

// resume asks for the rest.
func (o *object) resume() error {
	if o.dry++; o.dry > resumes {
		return fmt.Errorf("%s: %w: its answers break off", o.name, ErrAway)
	}
	_ = o.body.Close() // it has ended
	out, err := o.archive.client.GetObject(o.ctx, &s3.GetObjectInput{Bucket: &o.archive.bucket, Key: o.archive.key(o.name),
		Range: aws.String(fmt.Sprintf("bytes=%d-", o.at)), IfMatch: o.tag})
	if err != nil {
		o.body = io.NopCloser(errored{err})
		return trouble(o.ctx, o.name, err)
	}
	o.body = out.Body
	return nil
}

// errored is the body of an answer that there is none of.
type errored struct{ err error }

// Read implements io.Reader.
func (e errored) Read([]byte) (int, error) { return 0, e.err }

// Close implements io.Closer.
func (o *object) Close() error { return o.body.Close() }
