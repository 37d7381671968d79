package boot

import (
	"context"
	"net/url"
	"regexp"
	"strings"

	"github.com/insurance-navigator/navigator/adapters/s3archive"
	"github.com/insurance-navigator/navigator/adapters/vault"
	"github.com/insurance-navigator/navigator/ports"
)

// BucketConfig is how the bucket of the backups is reached, where BACKUP_DIR
// names one.
type BucketConfig struct {
	Region    string `env:"REGION" help:"region of the bucket that BACKUP_DIR names, such as us-east-1"`
	Endpoint  string `env:"ENDPOINT" help:"address of another store that speaks S3; empty: AWS"`
	KMS       string `env:"KMS" help:"id, alias or address of the KMS key that the store encrypts backups with; empty: the one that the bucket names"`
	AccessKey Secret `env:"ACCESS_KEY" help:"login with that store; empty: AWS's own chain, such as the task's role"`
	SecretKey Secret `env:"SECRET_KEY" help:"the secret of that login"`
}

// scheme begins the address of a bucket.
const scheme = "s3://"

// bucketName is what S3 takes as one.
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// backupBucket reads BACKUP_DIR as a bucket and a prefix; ok is false where it is
// a folder.
func (c Config) backupBucket() (bucket, prefix string, ok bool) {
	rest, ok := strings.CutPrefix(c.BackupDir, scheme)
	bucket, prefix, _ = strings.Cut(rest, "/")
	return bucket, strings.Trim(prefix, "/"), ok
}

// checkBackups holds the settings of the backups to what every use of them needs.
func (c Config) checkBackups(f *faults) {
	f.need("BACKUP_DIR", c.BackupDir != "")
	if f.need("BACKUP_KEY", c.BackupKey.Set()); c.BackupKey.Set() {
		if _, err := vault.ParseKeys(c.BackupKey.Reveal()); err != nil {
			*f = append(*f, err)
		}
	}
	if c.BackupRenew < 0 {
		f.add("BACKUP_RENEW: 0 or more")
	}
	bucket, _, remote := c.backupBucket()
	if !remote {
		return
	}
	s := c.BackupS3
	if !bucketName.MatchString(bucket) {
		f.add("BACKUP_DIR: a bucket's name has 3 to 63 lower-case letters, digits, dots and hyphens: s3://bucket/prefix")
	}
	f.need("BACKUP_S3_REGION", s.Region != "")
	if s.AccessKey.Set() != s.SecretKey.Set() {
		f.add("BACKUP_S3_ACCESS_KEY and BACKUP_S3_SECRET_KEY: both, or neither")
	}
	if s.Endpoint != "" {
		c.checkStore(f, s.Endpoint)
	}
}

// checkStore holds the address of a store to TLS outside of development: backups
// are encrypted, and the login is not.
func (c Config) checkStore(f *faults, address string) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || (u.Scheme != "https" && (u.Scheme != "http" || c.Mode != Development)) {
		f.add("BACKUP_S3_ENDPOINT: an https:// address without a login in it")
	}
}

// backups opens the place of the backups; it has been checked.
func (c Config) backups(ctx context.Context) (ports.Archive, error) {
	bucket, prefix, remote := c.backupBucket()
	if !remote {
		return vault.OpenFolder(c.BackupDir, true)
	}
	return s3archive.Open(ctx, s3archive.Options{Bucket: bucket, Prefix: prefix, Region: c.BackupS3.Region, Endpoint: c.BackupS3.Endpoint,
		KMSKey: c.BackupS3.KMS, AccessKey: c.BackupS3.AccessKey.Reveal(), SecretKey: c.BackupS3.SecretKey.Reveal()})
}
