package s3archive

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/insurance-navigator/navigator/ports"
)

// What calls may cost, in bytes, tries and time.
const (
	partBytes   = 16 << 20 // an object of 10,000 parts has 160 GB
	partsAtOnce = 2        // of one object; several are written at once
	tries       = 8
	maxBackoff  = 20 * time.Second
	answerTime  = time.Minute // until the first byte of an answer
	dialTime    = 10 * time.Second
	abortTime   = 10 * time.Second
)

// Options say which bucket, and as whom.
type Options struct {
	Bucket string
	Prefix string // of all names; without slashes around it
	Region string
	// Endpoint is the address of another store than AWS's; empty: AWS.
	Endpoint string
	// KMSKey is the id, alias or address of the key that the store encrypts
	// with; empty: the one that the bucket names.
	KMSKey string
	// AccessKey and SecretKey are a login; without them AWS's own chain is asked:
	// the role of the task, of the machine, or the environment.
	AccessKey, SecretKey string
	// MaxBackoff bounds the pause between two tries; 0: 20 seconds.
	MaxBackoff time.Duration
}

// Archive is a bucket. It implements ports.Archive.
type Archive struct {
	client   *s3.Client
	transfer *transfermanager.Client
	bucket   string
	prefix   string // with its slash, or empty
	kms      string
}

// Open makes the archive; it does not call the store yet.
func Open(ctx context.Context, o Options) (*Archive, error) {
	loaded, err := config.LoadDefaultConfig(ctx, o.loading()...)
	if err != nil {
		return nil, errors.New("AWS's settings of this machine cannot be read (AWS_PROFILE, AWS_CONFIG_FILE, and the like)")
	}
	client := s3.NewFromConfig(loaded, func(c *s3.Options) {
		if o.Endpoint != "" {
			c.BaseEndpoint, c.UsePathStyle = aws.String(o.Endpoint), true
		}
	})
	a := &Archive{client: client, bucket: o.Bucket, kms: o.KMSKey, prefix: strings.Trim(o.Prefix, "/")}
	if a.prefix != "" {
		a.prefix += "/"
	}
	a.transfer = transfermanager.New(client, func(t *transfermanager.Options) {
		t.PartSizeBytes, t.MultipartUploadThreshold, t.Concurrency = partBytes, partBytes, partsAtOnce
		t.ChecksumAlgorithm, t.FailTimeout = types.ChecksumAlgorithmSha256, abortTime
	})
	return a, nil
}

// loading are the SDK's settings: what is away or busy is asked again, and no
// call waits for ever.
func (o Options) loading() []func(*config.LoadOptions) error {
	backoff := maxBackoff
	if o.MaxBackoff > 0 {
		backoff = o.MaxBackoff
	}
	list := []func(*config.LoadOptions) error{
		config.WithRegion(o.Region),
		config.WithRetryer(func() aws.Retryer {
			return retry.NewStandard(func(s *retry.StandardOptions) { s.MaxAttempts, s.MaxBackoff = tries, backoff })
		}),
		config.WithHTTPClient(awshttp.NewBuildableClient().
			WithDialerOptions(func(d *net.Dialer) { d.Timeout = dialTime }).
			WithTransportOptions(func(t *http.Transport) { t.ResponseHeaderTimeout = answerTime })),
	}
	if o.AccessKey != "" {
		list = append(list, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(o.AccessKey, o.SecretKey, "")))
	}
	return list
}

func (a *Archive) key(name string) *string { return aws.String(a.prefix + name) }

// List is ports.Archive.
func (a *Archive) List(ctx context.Context, prefix string) (found []ports.Archived, err error) {
	pages := s3.NewListObjectsV2Paginator(a.client, &s3.ListObjectsV2Input{Bucket: &a.bucket, Prefix: a.key(prefix)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, trouble(ctx, "the archive cannot be listed", err)
		}
		for _, one := range page.Contents {
			found = append(found, ports.Archived{Name: strings.TrimPrefix(aws.ToString(one.Key), a.prefix),
				Size: aws.ToInt64(one.Size), Modified: aws.ToTime(one.LastModified)})
		}
	}
	return found, nil // the store sorts by name
}

// Permanent is ports.Archive.
func (a *Archive) Permanent() bool { return true }

// Remove is ports.Archive: it is refused.
func (a *Archive) Remove(context.Context, ...string) error {
	return fmt.Errorf("from a bucket nothing is removed: %w", errors.ErrUnsupported)
}

// Lock is ports.Archive: nobody has to be kept out.
func (a *Archive) Lock(ctx context.Context) (func(), error) { return func() {}, ctx.Err() }

var _ ports.Archive = (*Archive)(nil)
