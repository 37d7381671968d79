package boot

import "github.com/insurance-navigator/navigator/adapters/lokilog"

// logEvent is what a message is called in queries. A stream other than the
// service's own is named where security looks at the line.
type logEvent struct{ name, stream string }

// otherEvent is what libraries write: River's warnings.
var otherEvent = logEvent{name: "other"}

// logEvents is the closed vocabulary: every message of ours and its event. The
// words of a message may change, its event stays.
var logEvents = map[string]logEvent{
	"request": {name: "request"},
	"job":     {name: "job"},
	"call":    {name: "call"},
	"upkeep":  {name: "upkeep"},
	"panic":   {name: "panic"}, "panic in a job": {name: "panic"},
	"security":                       {"security", lokilog.StreamAudit},
	"audit sealed":                   {"audit_sealed", lokilog.StreamAudit},
	"the audit log cannot be sealed": {"audit_failed", lokilog.StreamAudit},
	"security events cannot be written, and are kept": {"audit_failed", lokilog.StreamAudit},

	"start": {name: "start"}, "ready": {name: "ready"}, "draining": {name: "draining"}, "stopped": {name: "stopped"},
	"jobs did not end at the stop": {name: "stop_cut"}, "what does not end is left behind": {name: "stop_cut"}, "answers that nobody took were broken off": {name: "stop_cut"},
	"leave": {name: "heartbeat_failed"}, "register again": {name: "heartbeat_failed"}, "heartbeat": {name: "heartbeat_failed"},
	"the log's level was switched": {name: "log_level"},
	"loki does not take lines":     {name: "loki_failed"},
	"log lines were dropped":       {name: "log_dropped"},

	"the trace collector takes no spans":    {name: "traces_failed"},
	"the trace collector takes spans again": {name: "traces_back"},

	"database":                         {name: "database"},
	"the database does not answer yet": {name: "database_away"},
	"clock":                            {name: "clock_skew"},

	"the replica is read from":                              {name: "replica_ready"},
	"the replica is left alone: all is read at the primary": {name: "replica_unready"},

	"a service is away: calls are held back": {name: "service_away"}, "a service is back": {name: "service_back"},
	"a service refuses us: its queue rests until it takes us again": {name: "service_refused"},
	"a service refuses us and its queue cannot be paused":           {name: "service_refused"},
	"a queue that rests cannot go on":                               {name: "pause_failed"},
	"the pauses cannot be read":                                     {name: "pause_failed"},
	"a queue that rested goes on":                                   {name: "service_resumed"},

	"redis does not answer: each process counts requests for itself": {name: "redis_away"},
	"redis is away: each process counts requests for itself":         {name: "redis_away"},
	"redis is back: requests are counted over all processes":         {name: "redis_back"},

	"rescued": {name: "job_rescued"}, "rescue": {name: "rescue_failed"},
	"scrub": {name: "scrub_finding"}, "archive": {name: "archive_failed"}, "budget": {name: "budget"},
	"mails wait": {name: "mail_failed"}, "events": {name: "event_stream"}, "note a read": {name: "note_failed"},
	"idempotency answer not kept": {name: "idempotency_failed"}, "idempotency key not released": {name: "idempotency_failed"},

	"backup done": {name: "backup_done"}, "backup failed": {name: "backup_failed"},
	"tombstones done": {name: "tombstones_done"}, "tombstones failed": {name: "tombstones_failed"},
	"restore drill done": {name: "drill_done"}, "restore drill failed": {name: "drill_failed"},

	"no uploads are taken: BAA_CONFIRMED is not set": {name: "intake_closed"},
	"queue depth":       {name: "queue_depth"},
	"malware was found": {"security", lokilog.StreamAudit},
	"FILES ARE NOT LOOKED AT FOR MALWARE: set CLAMD_ADDRESS": {name: "scan_off"},
	"limits are not those of production":                     {name: "limits_loose"},
	"the accounts' signing keys cannot be had yet":           {name: "accounts_away"},
	"the changed TLS certificate is not taken":               {name: "certificate_failed"},
	"the TLS certificate was renewed":                        {name: "certificate_renewed"},
	"the corpus is of other settings than OPENAI_MODEL, CHUNK_TOKENS and CHUNK_OVERLAP: it keeps them; navigator reembed changes them": {name: "corpus_settings"},
}

func eventOf(message string) logEvent {
	if event, ok := logEvents[message]; ok {
		return event
	}
	return otherEvent
}
