package core

import "slices"

// Code is the stable name of an error: a client, a metric label and a runbook
// may rely on it. The set is closed.
type Code string

// The codes of files that cannot be taken.
const (
	CodeFileEmpty        Code = "file_empty"
	CodeFileTooLarge     Code = "file_too_large"
	CodeFileUnsupported  Code = "file_unsupported"
	CodeFileEncrypted    Code = "file_encrypted"
	CodeFileBroken       Code = "file_broken"
	CodeFileTooManyPages Code = "file_too_many_pages"
	CodeNeedsOCR         Code = "needs_ocr"
	CodeFileMissing      Code = "file_missing"
	CodeFileChanged      Code = "file_changed"
	CodeSizeDiffers      Code = "file_size_differs"
	CodeUploadExpired    Code = "upload_expired"
	CodeUploadLink       Code = "upload_link_invalid"
	CodeDownloadLink     Code = "download_link_invalid"
	CodeFileBomb         Code = "file_bomb"
	CodeFileInfected     Code = "file_infected"
)

// The codes of parsing, chunking and embedding.
const (
	CodeParseNotReady     Code = "parse_not_ready"
	CodeParseTimeout      Code = "parse_timeout"
	CodeParseCancelled    Code = "parse_cancelled"
	CodeParseFailed       Code = "parse_failed"
	CodeParseGone         Code = "parse_gone"
	CodeParseEmpty        Code = "parse_empty"
	CodeParseIncomplete   Code = "parse_incomplete"
	CodePageFailed        Code = "page_failed"
	CodePageCut           Code = "page_cut"
	CodeChunksIncomplete  Code = "chunks_incomplete"
	CodeInputTooLong      Code = "input_too_long"
	CodeBadVectors        Code = "bad_vectors"
	CodeParserRefused     Code = "parser_refused"
	CodeParserUnavailable Code = "parser_unavailable"
	CodeParserBusy        Code = "parser_busy"
	CodeParserKey         Code = "parser_key"
	CodeParserCredits     Code = "parser_credits"
	CodeReadByStandby     Code = "read_by_standby"
	CodeScanUnavailable   Code = "scanner_unavailable"
	CodeScanOff           Code = "scanner_off"

	CodeEmbedderRefused     Code = "embedder_refused"
	CodeEmbedderUnavailable Code = "embedder_unavailable"
	CodeEmbedderBusy        Code = "embedder_busy"
	CodeEmbedderKey         Code = "embedder_key"
	CodeEmbedderCredits     Code = "embedder_credits"
)

// The codes of storage, accounts and requests.
const (
	CodeStorageUnavailable  Code = "storage_unavailable"
	CodeStorageDenied       Code = "storage_denied"
	CodeStorageConflict     Code = "storage_conflict"
	CodeDatabaseUnavailable Code = "database_unavailable"
	CodeNotFound            Code = "not_found"
	CodeDuplicate           Code = "duplicate_document"
	CodeConflict            Code = "conflict"
	CodeInvalid             Code = "invalid_request"
	CodeDenied              Code = "denied"
	CodeUnauthenticated     Code = "unauthenticated"
	CodeTokenExpired        Code = "token_expired"
	CodeTokenReused         Code = "token_reused"
	CodeBadCredentials      Code = "bad_credentials"
	CodeEmailTaken          Code = "email_taken"
	CodeEmailUnconfirmed    Code = "email_unconfirmed"
	CodeWeakPassword        Code = "weak_password"
	CodeSamePassword        Code = "same_password"
	CodeBadSignInCode       Code = "bad_sign_in_code"
	CodeNotOffered          Code = "not_offered"
	CodeRateLimited         Code = "rate_limited"
	CodeQuotaExceeded       Code = "quota_exceeded"
	CodeTooSlow             Code = "upload_too_slow"
	CodeAccountsUnavailable Code = "accounts_unavailable"
	CodeAccountClosed       Code = "account_closed"
	CodeAgreementMissing    Code = "agreement_missing"
	CodeMailUnavailable     Code = "mail_unavailable"
	CodeMailRefused         Code = "mail_refused"
	CodeBadSignature        Code = "bad_signature"
	CodeNoWorker            Code = "no_worker"
	CodeBudgetExhausted     Code = "budget_exhausted"
	CodeBudgetLow           Code = "budget_low"
	CodeWorkerLost          Code = "worker_lost"
	CodeNotReady            Code = "not_ready"
	CodeIntakePaused        Code = "intake_paused"
	CodeQueuePaused         Code = "queue_paused"
	CodeClockSkew           Code = "clock_skew"
	CodeOverloaded          Code = "overloaded"
	CodeRatesUnshared       Code = "rates_unshared"
	CodeWaitedTooLong       Code = "waited_too_long"
	CodeInternal            Code = "internal"
	CodeLegalHold           Code = "legal_hold"
	CodeKeyRefused          Code = "api_key_refused"
	CodeScopeMissing        Code = "scope_missing"
	CodeRoleRequired        Code = "role_required"
	CodeTooManyKeys         Code = "too_many_api_keys"

	CodeIdempotencyMismatch Code = "idempotency_mismatch"
	CodeIdempotencyInUse    Code = "idempotency_in_use"
)

type words struct {
	kind    Kind
	message string // what happened, for a person
	advice  string // what that person can do
}

// Advice that several codes share.
const (
	adviceWait    = "Nothing needs to be done: the service tries again by itself."
	adviceRetry   = "Try again in a few minutes. If it stays, write to support with the request id."
	adviceFile    = "Open the file, save it again as PDF and upload that one."
	adviceSupport = "Write to support with the document id."
)

var dictionary = map[Code]words{
	CodeFileEmpty:        {Invalid, "The file is empty.", "Choose a file that has content."},
	CodeFileTooLarge:     {Invalid, "The file is larger than allowed.", "Split it, or save it with smaller images, and upload again."},
	CodeFileUnsupported:  {Invalid, "This type of file is not accepted.", "Upload a PDF."},
	CodeFileEncrypted:    {Invalid, "The file is protected by a password.", "Save a copy without the password and upload that."},
	CodeFileBroken:       {Invalid, "The file is damaged and cannot be opened.", adviceFile},
	CodeFileTooManyPages: {Invalid, "The file has more pages than allowed.", "Split it and upload the parts."},
	CodeNeedsOCR:         {Permanent, "The file holds pictures of pages and no text.", "Upload the original digital document, or one that was run through text recognition."},
	CodeFileMissing:      {Permanent, "The stored file is not there.", "Upload the document again."},
	CodeFileChanged:      {Permanent, "The stored file is not the one that was uploaded.", adviceSupport},
	CodeSizeDiffers:      {Invalid, "The file that arrived is not of the announced size.", "Upload it again with bytes_len as the file's own size."},
	CodeUploadExpired:    {Permanent, "The file did not arrive in time.", "Upload the document again."},
	CodeUploadLink:       {Denied, "The upload address is not valid, or no longer.", "Announce the upload again and send the file to the new address."},
	CodeDownloadLink:     {Denied, "The download address is not valid, or no longer.", "Ask for a new address at GET /documents/{id}/file/link."},

	CodeFileBomb:     {Invalid, "The file unpacks to far more than a document holds.", adviceFile},
	CodeFileInfected: {Invalid, "Malware was found in the file, and the file was removed.", "Do not open your copy. Upload one from a source you trust; if you are sure that the file is harmless, write to support with the document id."},

	CodeParseNotReady:     {Busy, "The document is still being read.", adviceWait},
	CodeParseTimeout:      {Permanent, "Reading the document took too long.", "Retry the document; if it fails again, split it."},
	CodeParseCancelled:    {Permanent, "Reading the document was cancelled at the parser.", "Retry the document."},
	CodeParseFailed:       {Permanent, "The document could not be read.", adviceFile},
	CodeParseGone:         {Transient, "The parser no longer has the result.", "Retry the document: upload the same file again."},
	CodeParseEmpty:        {Permanent, "No text was found in the document.", "Upload the original digital document rather than a scan."},
	CodeParseIncomplete:   {Permanent, "Too many pages of the document could not be read.", "Retry the document; if it fails again, save it as a new PDF and upload that."},
	CodePageFailed:        {Permanent, "The page could not be read.", adviceSupport},
	CodePageCut:           {Permanent, "The page holds more text than the parser reads.", "Split the page over several and upload again."},
	CodeChunksIncomplete:  {Permanent, "Some of the document's text could not be kept.", adviceSupport},
	CodeInputTooLong:      {Permanent, "A passage is too long for the embedding model.", adviceSupport},
	CodeBadVectors:        {Transient, "The embedding service sent vectors that cannot be right.", adviceWait},
	CodeParserRefused:     {Permanent, "The parser does not accept the document.", adviceFile},
	CodeParserUnavailable: {Transient, "The parser cannot be reached.", adviceWait},
	CodeParserBusy:        {Busy, "The parser is busy.", adviceWait},
	CodeParserKey:         {Paused, "The parser does not accept our key.", adviceWait},
	CodeParserCredits:     {Paused, "Our account with the parser is exhausted.", adviceWait},

	CodeScanUnavailable: {Transient, "The malware scanner cannot be reached.", adviceWait},
	CodeScanOff:         {Permanent, "Files are not looked at for malware.", "Run clamd beside the worker and set CLAMD_ADDRESS to it."},

	CodeReadByStandby: {Permanent, "The parser was away: the text is the file's own text layer, read by the service itself.", "Nothing needs to be done. Layout and tables may be poorer; for the parser's own reading, delete the document and upload it again."},

	CodeEmbedderRefused:     {Permanent, "The embedding service does not accept the text.", adviceSupport},
	CodeEmbedderUnavailable: {Transient, "The embedding service cannot be reached.", adviceWait},
	CodeEmbedderBusy:        {Busy, "The embedding service is busy.", adviceWait},
	CodeEmbedderKey:         {Paused, "The embedding service does not accept our key.", adviceWait},
	CodeEmbedderCredits:     {Paused, "Our account with the embedding service is exhausted.", adviceWait},

	CodeStorageUnavailable:  {Transient, "The file storage cannot be reached.", adviceRetry},
	CodeStorageDenied:       {Paused, "The file storage refuses our key.", adviceRetry},
	CodeStorageConflict:     {Conflict, "Another file lies at that place already.", adviceSupport},
	CodeDatabaseUnavailable: {Transient, "The database cannot be reached.", adviceRetry},
	CodeNotFound:            {NotFound, "There is no such document.", "Check the id, and that you are signed in as its owner."},
	CodeDuplicate:           {Conflict, "You have uploaded this document already.", "Use the existing document; its id is in this answer."},
	CodeConflict:            {Conflict, "The document's state does not allow that now.", "Read its status and try again."},
	CodeInvalid:             {Invalid, "The request is not valid.", "Mend the fields named in errors and send it again."},
	CodeDenied:              {Denied, "You may not do that.", "Sign in with an account that may."},
	CodeUnauthenticated:     {Denied, "You are not signed in.", "Send a valid access token as Authorization: Bearer."},
	CodeTokenExpired:        {Denied, "Your session has expired.", "Get a new access token with POST /auth/refresh, or sign in again."},
	CodeTokenReused:         {Denied, "The refresh token was used before; the session is ended.", "Sign in again."},
	CodeBadCredentials:      {Denied, "Invalid email or password.", "Check both and try again."},
	CodeEmailTaken:          {Conflict, "There is an account with this e-mail address already.", "Sign in instead."},
	CodeEmailUnconfirmed:    {Denied, "The e-mail address is not confirmed.", "Follow the link in the mail we sent."},
	CodeWeakPassword:        {Invalid, "The password is too weak.", "Choose a longer one that is not in common lists."},
	CodeSamePassword:        {Invalid, "The new password is the one the account has.", "Choose another one."},
	CodeBadSignInCode:       {Invalid, "The sign-in code is not valid, was used before, or is not of this verifier.", "Start again: ask for a new sign-in address, or a new mail."},
	CodeNotOffered:          {NotFound, "This deployment's accounts do not offer that.", "Sign in with e-mail address and password."},
	CodeRateLimited:         {Busy, "Too many requests.", "Wait as long as Retry-After says."},
	CodeQuotaExceeded:       {Busy, "You have uploaded as many documents as a day allows.", "Upload more when Retry-After has passed; what is there already can be read, searched and retried meanwhile."},
	CodeTooSlow:             {Invalid, "The upload was too slow.", "Try again on a faster connection."},
	CodeAccountsUnavailable: {Transient, "Accounts cannot be reached.", adviceRetry},
	CodeAccountClosed:       {Denied, "The account is being deleted: nothing is added to it.", "Nothing needs to be done. To stop here, do not sign in again."},
	CodeAgreementMissing:    {Paused, "Uploads are not taken yet: the agreements for health data are not confirmed for this deployment.", "Ask the operator: BAA_CONFIRMED is set once they are signed."},
	CodeMailUnavailable:     {Transient, "The mail server cannot be reached, or takes nothing now.", adviceWait},
	CodeMailRefused:         {Permanent, "The mail server does not take the mail.", "The operator looks at the sender's address and the server's rules."},
	CodeBadSignature:        {Denied, "The callback is not authentic.", "Sign the body with the secret of the attempt."},
	CodeBudgetExhausted:     {Paused, "The month's budget for outside services is used up.", "Nothing needs to be done: the document waits, and goes on with the next month or when the operator raises the budget."},
	CodeBudgetLow:           {Paused, "Most of the month's budget for outside services is used.", "The operator may raise the budget before it is used up."},
	CodeNoWorker:            {Transient, "No worker is running.", adviceWait},
	CodeWorkerLost:          {Permanent, "The work on the document was cut off again and again.", adviceSupport},
	CodeNotReady:            {Transient, "The service is starting or stopping.", "Try again in a few seconds."},
	CodeIntakePaused:        {Transient, "Uploads are paused for maintenance.", "Upload again when Retry-After has passed; what is there already can be read, searched and retried meanwhile."},
	CodeQueuePaused:         {Transient, "This step is paused for maintenance.", adviceWait},
	CodeClockSkew:           {Transient, "The clocks of the service and of its database differ.", adviceWait},
	CodeOverloaded:          {Busy, "The service has as many requests in hand as it can serve.", "Try again in a few seconds."},
	CodeRatesUnshared:       {Transient, "The counts that the processes share cannot be reached: each holds its callers to the rates by itself.", adviceWait},
	CodeWaitedTooLong:       {Permanent, "A service that the document needs was away or busy for too long.", "Retry the document later; what was done of it is kept."},
	CodeInternal:            {Transient, "Something went wrong on our side.", adviceRetry},

	CodeLegalHold: {Conflict, "The document may not be deleted now.", adviceSupport},

	CodeKeyRefused:   {Denied, "An API key may not do that.", "Sign in and send an access token: keys reach documents and search alone."},
	CodeScopeMissing: {Denied, "The API key lacks the scope for that.", "Make a key with the scope that the operation's x-scope names."},
	CodeRoleRequired: {Denied, "That is for operators.", "Ask an operator to grant you the role: navigator role grant."},
	CodeTooManyKeys:  {Conflict, "You have as many API keys as are allowed.", "Revoke one that is not used."},

	CodeIdempotencyMismatch: {Invalid, "The idempotency key was used for another request.", "Send every new request under a new key, and repeat one unchanged."},
	CodeIdempotencyInUse:    {Conflict, "The request with this idempotency key is still being worked on.", "Send it again, unchanged, after as long as Retry-After says."},
}

func (c Code) words() words {
	if w, ok := dictionary[c]; ok {
		return w
	}
	return dictionary[CodeInternal]
}

// Kind is what is to be done about errors of this code.
func (c Code) Kind() Kind { return c.words().kind }

// Message says for a person what happened.
func (c Code) Message() string { return c.words().message }

// Advice says what that person can do.
func (c Code) Advice() string { return c.words().advice }

// Codes is every code, sorted: the closed set for metric labels and OpenAPI.
func Codes() []Code {
	codes := make([]Code, 0, len(dictionary))
	for c := range dictionary {
		codes = append(codes, c)
	}
	slices.Sort(codes)
	return codes
}
