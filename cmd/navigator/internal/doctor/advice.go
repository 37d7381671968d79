package doctor

import "github.com/insurance-navigator/navigator/core"

// mending is what an operator does about a code. What the code itself advises
// is for who uploads, to whom nothing remains to be done.
var mending = map[core.Code]string{
	core.CodeParserKey:           "Set LLAMAPARSE_API_KEY to a key of the parser's own project that is not revoked; LLAMAPARSE_API_URL has to be of the key's region.",
	core.CodeParserCredits:       "Buy credits at the parser, or wait for its next month; documents wait, and go on by themselves.",
	core.CodeEmbedderKey:         "Set OPENAI_API_KEY to a key that is not revoked and may use OPENAI_MODEL; OPENAI_PROJECT and OPENAI_ORGANIZATION have to be the key's own.",
	core.CodeEmbedderCredits:     "Add money or raise the limit at the embedder's billing page; documents wait, and go on by themselves.",
	core.CodeBadVectors:          "Set OPENAI_MODEL to the one that the database's vectors are of; another takes a change of generation (docs/reembed.md).",
	core.CodeStorageDenied:       "Set SUPABASE_SERVICE_ROLE_KEY to the secret key of the project at SUPABASE_URL, and let its policies write, read and delete.",
	core.CodeStorageUnavailable:  "Check SUPABASE_URL, that the project is not paused, and its status page.",
	core.CodeAccountsUnavailable: "Check SUPABASE_URL, that the project is not paused, and its status page.",
	core.CodeDatabaseUnavailable: "See what navigator doctor --local says of the database, beside the service.",
	core.CodeNoWorker:            "Start a worker, or see in the log why it ended; documents wait for it.",
	core.CodeScanUnavailable:     "Start clamd, or mend CLAMD_ADDRESS: documents wait for it.",
	core.CodeMailUnavailable:     "Check SMTP_HOST and its port, the login, and that this network lets mail out.",
	core.CodeClockSkew:           "Set the machine's clock by the network (NTP).",
	core.CodeRatesUnshared:       "Check REDIS_URL, and that Redis runs; each process counts requests for itself meanwhile.",
	core.CodeQueuePaused:         "Where it is not meant: navigator queue resume.",
}

// advice is what an operator does about a code: its own where there is none for
// operators, and never that nothing needs to be done of what passes by itself.
func advice(code core.Code) string {
	if text := mending[code]; text != "" {
		return text
	}
	if kind := code.Kind(); kind == core.Transient || kind == core.Busy {
		return "Run this again in some minutes. If it stays so, check that this machine reaches it, and its maker's own page of outages."
	}
	return code.Advice()
}

// refused is a call's failure in the words of its code.
func refused(name string, err error) Check {
	code := core.AsError(err).Code
	return bad(name, string(code), advice(code))
}
