package httpapi

import (
	"context"
	"fmt"
	"strings"
)

// UploadLimits is the limits that a client should know before it uploads. A
// limit that is not set is null.
type UploadLimits struct {
	MaxFileSizeBytes  int64    `json:"max_file_size_bytes"`
	MaxFileSizeMB     float64  `json:"max_file_size_mb" doc:"The same in units of 1,048,576 bytes"`
	MaxPages          int      `json:"max_pages"`
	MaxConcurrentJobs *int     `json:"max_concurrent_jobs_per_user" nullable:"true"`
	MaxUploadsPerDay  *int     `json:"max_uploads_per_day_per_user" nullable:"true"`
	Types             []string `json:"supported_mime_types" nullable:"false"`
	SignedURLTTL      *int     `json:"signed_url_ttl_seconds" nullable:"true"`
	MinRate           int64    `json:"min_upload_bytes_per_second"`
	MaxSeconds        int      `json:"max_upload_seconds"`
	Description       string   `json:"limits_description"`
}

type limitsOutput struct{ Body UploadLimits }

func (a *api) uploadLimits(context.Context, *noInput) (*limitsOutput, error) {
	return &limitsOutput{Body: limitsBody(a.Limits)}, nil
}

func limitsBody(l Limits) UploadLimits {
	ttl := int(l.UploadTTL.Seconds())
	return UploadLimits{
		MaxFileSizeBytes: l.MaxFileBytes, MaxFileSizeMB: float64(l.MaxFileBytes) / (1 << 20), MaxPages: l.MaxPages,
		SignedURLTTL: &ttl, Types: l.Types, MinRate: l.MinUploadRate, MaxSeconds: int(l.UploadTime.Seconds()), Description: l.words(),
	}
}

// words says the upload's limits in one sentence, for people and for the
// OpenAPI document.
func (l Limits) words() string {
	return fmt.Sprintf("One file of at most %s and %d pages, of type %s by its content; "+
		"it has to arrive within %g seconds and, after the first %g, at %d bytes a second or more.",
		sizeWords(l.MaxFileBytes), l.MaxPages, strings.Join(l.Types, " or "),
		l.UploadTime.Seconds(), l.UploadGrace.Seconds(), l.MinUploadRate)
}
