// Package results holds the last run of each scenario that is published, as the
// load generator wrote it.
package results

import "embed"

// Files are the results, one a scenario.
//
//go:embed *.json
var Files embed.FS
