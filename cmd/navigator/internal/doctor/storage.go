package doctor

import (
	"context"
	"fmt"

	"github.com/insurance-navigator/navigator/core"
)

const settingsAdvice = "Set it in the environment: navigator config lists each with its meaning."

// storage writes, reads, lists and deletes an object of its own, and compares
// the bucket's limits with ours. A bucket that is not there is not made here.
func (l look) storage(ctx context.Context) Check {
	const name = "storage"
	if l.config.StorageProvider == "filestore" && l.config.FilestoreDir == "" || l.config.StorageProvider != "filestore" && !given(l.environ, "SUPABASE_SERVICE_ROLE_KEY") {
		return skipped(name, "no folder or key is set")
	}
	store, err := l.config.Storage()
	if err != nil {
		return bad(name, err.Error(), settingsAdvice)
	}
	ctx, cancel := context.WithTimeout(ctx, roundTime)
	defer cancel()
	bucket := l.config.Bucket()
	if err := store.Healthy(ctx); err != nil {
		if e := core.AsError(err); e.Code == core.CodeStorageUnavailable && e.Kind == core.Paused {
			return warning(name, "the bucket "+bucket+" is not there",
				"The first start makes it, private and with our limits. Where there should be one: check UPLOAD_PIPELINE_STORAGE_ENVIRONMENT and SUPABASE_URL.")
		}
		return refused(name, err)
	}
	if err := store.Prepare(ctx); err != nil {
		return bad(name, err.Error(), advice(core.AsError(err).Code))
	}
	return good(name, fmt.Sprintf("%s is private, has our limits, and gave back the bytes of an object that was then deleted", bucket))
}
