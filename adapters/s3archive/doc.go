// Package s3archive keeps backups in a bucket of S3, or of a store that speaks
// its protocol. It puts, reads and lists, and never removes: the bucket is
// locked, so that whoever takes this process over cannot take the backups away.
package s3archive
