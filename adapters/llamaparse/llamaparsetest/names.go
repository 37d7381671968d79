package llamaparsetest

import "slices"

// names are the knobs' words, one each.
var names = map[knob]string{
	dropWebhook: "DropWebhook", duplicateWebhook: "DuplicateWebhook", badSignature: "BadSignature", noSignature: "NoSignature",
	onlyDataID: "OnlyDataID", bareIDs: "BareIDs", stringBody: "StringBody", latePending: "LatePending", legacyPush: "LegacyPush",
	webhookFirst: "WebhookBeforeAnswer", readyAtOnce: "ReadyAtOnce", pendingAfterEvent: "PendingAfterEvent",
	notFoundResult: "NotFoundResult", goneJob: "GoneJob", status401: "Status401", status402: "Status402", status403: "Status403",
	busy429: "Busy429", plan429: "PlanLimit429", serverErrors: "ServerErrors", loseAnswer: "LoseAnswer", truncateJSON: "TruncateJSON",
	cutUpload: "CutUpload", expiredFile: "ExpiredFile", shufflePages: "ShufflePages",
}

// String is the name of the method that sets the knob.
func (k knob) String() string { return names[k] }

// FaultNames lists the faults, each by the method that asks for it.
func FaultNames() []string {
	all := []string{"CutPage", "Delay", "EndedStatus", "FailWith", "Hold", "PageFailures", "RetryAfterMs", "Summary"} // those without a count
	for k := range knobs {
		all = append(all, k.String())
	}
	slices.Sort(all)
	return all
}
