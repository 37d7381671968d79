package pgserver

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// configFile is our own part of the configuration, rewritten at every start
// and included at the end of postgresql.conf, so that hand-made changes above
// it survive.
const configFile = "navigator.conf"

// defaults suit a developer's machine: durable, loopback only, room for the
// whole system's pools.
var defaults = map[string]string{
	"listen_addresses":           "127.0.0.1",
	"unix_socket_directories":    "",
	"max_connections":            "200",
	"shared_buffers":             "256MB",
	"fsync":                      "on",
	"wal_compression":            "on",
	"max_wal_size":               "2GB",
	"password_encryption":        "scram-sha-256",
	"log_min_error_statement":    "panic", // statements may carry personal data
	"log_parameter_max_length":   "0",
	"log_min_duration_statement": "-1",
	"lc_messages":                "C",
	"timezone":                   "UTC",
}

// renderConfig is the text of configFile, in a stable order.
func renderConfig(port int, extra map[string]string) string {
	all := maps.Clone(defaults)
	maps.Copy(all, extra)
	all["port"] = strconv.Itoa(port)
	var b strings.Builder
	b.WriteString("# Written at every start; changes here are lost.\n")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "%s = '%s'\n", name, strings.ReplaceAll(all[name], "'", "''"))
	}
	return b.String()
}
