package core

import (
	"context"
	"strings"
)

// AuditAction is what the audit log says was done. The list is closed; the
// database takes any word of its form.
type AuditAction string

// The reads of a document's content: each has its row before the first byte is
// sent. Asking where a document stands, listing documents and streaming their
// moves show no content and have none.
const (
	AuditReadText AuditAction = "document_text" // the pieces of its text
	AuditReadFile AuditAction = "document_file" // the file
	AuditReadLink AuditAction = "document_link" // an address that reads the file without a token
	AuditDownload AuditAction = "link_download" // the file, by such an address of ours
	AuditSearch   AuditAction = "search"        // passages: one row a search, with all documents shown
)

// What an owner, or a clock in the owner's place, changes.
const (
	AuditUpload   AuditAction = "document_upload"
	AuditAnnounce AuditAction = "upload_announce"
	AuditWithdraw AuditAction = "upload_withdraw" // what says how: cancelled or removed, or account where that was closed
	AuditRetry    AuditAction = "document_retry"
	AuditCancel   AuditAction = "document_cancel"
	AuditDelete   AuditAction = "document_delete"
)

// What happens to accounts and to who may do what.
const (
	AuditSignUp         AuditAction = "account_signup"
	AuditSignIn         AuditAction = "account_signin"
	AuditSignOut        AuditAction = "account_signout"
	AuditPassword       AuditAction = "account_password"
	AuditSessionRevoked AuditAction = "account_session_revoked"
	AuditAccountExport  AuditAction = "account_export"
	AuditAccountDelete  AuditAction = "account_delete"
	AuditKeyMade        AuditAction = "key_made"
	AuditKeyRevoked     AuditAction = "key_revoked"
	AuditRoleGranted    AuditAction = "role_granted"
	AuditRoleRevoked    AuditAction = "role_revoked"
)

// What operators do; what names the queue, the code or the backup.
const (
	AuditPause            AuditAction = "pause"
	AuditResume           AuditAction = "resume"
	AuditBulkRetry        AuditAction = "retry"
	AuditHold             AuditAction = "hold"
	AuditLift             AuditAction = "lift"
	AuditRetain           AuditAction = "retention"
	AuditArchive          AuditAction = "archive"
	AuditUnarchive        AuditAction = "unarchive"
	AuditMend             AuditAction = "mend"
	AuditBackup           AuditAction = "backup"
	AuditRestore          AuditAction = "restore"
	AuditReembedStart     AuditAction = "reembed_start"
	AuditReembedPause     AuditAction = "reembed_pause"
	AuditReembedResume    AuditAction = "reembed_resume"
	AuditReembedCancel    AuditAction = "reembed_cancel"
	AuditReembedBack      AuditAction = "reembed_rollback"
	AuditExport           AuditAction = "audit_export"
	AuditOperatorExplains AuditAction = "explain"
	AuditOperatorReads    AuditAction = "read" // over the API, by an account that has a role; what names the list
)

// AuditActions lists every action, those of security events among them.
func AuditActions() []AuditAction {
	all := []AuditAction{
		AuditReadText, AuditReadFile, AuditReadLink, AuditDownload, AuditSearch,
		AuditUpload, AuditAnnounce, AuditWithdraw, AuditRetry, AuditCancel, AuditDelete,
		AuditSignUp, AuditSignIn, AuditSignOut, AuditPassword, AuditSessionRevoked, AuditAccountExport, AuditAccountDelete,
		AuditKeyMade, AuditKeyRevoked, AuditRoleGranted, AuditRoleRevoked,
		AuditPause, AuditResume, AuditBulkRetry, AuditHold, AuditLift, AuditRetain, AuditArchive, AuditUnarchive, AuditMend, AuditBackup, AuditRestore,
		AuditReembedStart, AuditReembedPause, AuditReembedResume, AuditReembedCancel, AuditReembedBack, AuditExport, AuditOperatorExplains, AuditOperatorReads,
	}
	for _, kind := range SecurityKinds() {
		all = append(all, AuditAction(kind))
	}
	return all
}

// AuditOutcome is how what the log tells of ended.
type AuditOutcome string

// The outcomes. Of what failed for a reason of ours there is no row: the
// transaction that would have written it was rolled back.
const (
	AuditDone    AuditOutcome = "done"
	AuditRefused AuditOutcome = "refused"
)

// AuditActor is the kind of who did it.
type AuditActor string

// The actors.
const (
	ActorUser     AuditActor = "user"     // AuditEntry.User
	ActorOperator AuditActor = "operator" // AuditEntry.Operator
	ActorService  AuditActor = "service"  // by itself: a clock, a round
	ActorNobody   AuditActor = "nobody"   // whoever holds a link, or is not signed in
)

// MaxAuditDocuments is the most documents that one entry names.
const MaxAuditDocuments = 1000

// maxAuditWord is the most bytes of AuditEntry.What.
const maxAuditWord = 80

// AuditEntry is one row of the audit log, without its place there, its time and
// its Origin. It holds ids and words of ours alone: never a name, an address of
// a mail, a question or a text.
type AuditEntry struct {
	Actor     AuditActor
	User      ID     // who acted, or whose account it is about; may be zero
	Operator  string // of ActorOperator: 1 to MaxOperator bytes
	Action    AuditAction
	What      string // up to 80 of A-Z a-z 0-9 . _ : / -
	Documents []ID   // up to MaxAuditDocuments
	Outcome   AuditOutcome
	Times     int // how often, of what is counted; 0 reads as 1
}

// AuditWord is as much of a word from outside as AuditEntry.What may hold.
func AuditWord(word string) string {
	kept := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._:/-", r) {
			return r
		}
		return -1
	}, word)
	return kept[:min(len(kept), maxAuditWord)]
}

// Origin is where an act comes from.
type Origin struct {
	Service  string // api, webhook, worker or navigator
	Network  string // the client's address; of IPv6 its /64; empty for none
	Request  ID     // zero for none
	Operator string // who sits at the terminal; empty for none
}

type originKey struct{}

// From notes in the context where what is done under it comes from.
func From(ctx context.Context, o Origin) context.Context {
	return context.WithValue(ctx, originKey{}, o)
}

// OriginOf is the origin of the context; where none is noted, a worker's own
// round.
func OriginOf(ctx context.Context) Origin {
	if o, ok := ctx.Value(originKey{}).(Origin); ok {
		return o
	}
	return Origin{Service: "worker"}
}

// Operated is an entry of an act by the context's operator, or by the service
// itself where nobody sits at a terminal.
func Operated(ctx context.Context, action AuditAction, what string, documents ...ID) AuditEntry {
	e := AuditEntry{Actor: ActorService, Action: action, What: what, Documents: documents, Outcome: AuditDone}
	if o := OriginOf(ctx); o.Operator != "" {
		e.Actor, e.Operator = ActorOperator, o.Operator
	}
	return e
}
