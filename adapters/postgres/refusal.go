package postgres

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
)

// Refusal is a database that could not be opened, and what to do.
type Refusal struct {
	Place Place
	// Final says that the same try cannot succeed before somebody changes
	// something; otherwise the database may only not be up yet.
	Final  bool
	text   string
	advice string
	cause  error
}

// Error tells the place and the fix; never the login or the password.
func (r *Refusal) Error() string {
	text := "the database at " + r.Place.String() + ": " + r.text
	if r.advice != "" {
		text += ": " + r.advice
	}
	return text
}

// Advice is what to do; empty where only time helps.
func (r *Refusal) Advice() string { return r.advice }

// Detail is what was met, without the advice.
func (r *Refusal) Detail() string { return r.Place.String() + ": " + r.text }

// Unwrap gives the cause, for errors.Is within the process; it is never printed.
func (r *Refusal) Unwrap() error { return r.cause }

// Final reports whether trying the same again cannot help.
func Final(err error) bool {
	var refusal *Refusal
	var mismatch *Mismatch
	if errors.As(err, &refusal) {
		return refusal.Final
	}
	return errors.As(err, &mismatch) || errors.Is(err, errAddress)
}

// sign is one way a server, or a pooler before it, says no.
type sign struct {
	states []string // SQLSTATEs
	words  []string // parts of the message in lower case; poolers use one state for all
	text   string
	advice string
	final  bool
}

const adviceRoom = "raise the pooler's pool size, or lower DATABASE_MAX_CONNS: the connections of all processes, " +
	"and one more a worker for LISTEN, have to fit"

// signs is looked through from the top; the words of poolers come before the
// states, which mean less there.
var signs = []sign{
	{words: []string{"circuit breaker", "circuitbreaker"}, final: true, text: "the pooler is shut after too many failed logins",
		advice: "stop every process that has a wrong password, set the right one, and wait some minutes: each new try keeps it shut"},
	{words: []string{"tenant or user not found", "tenant/user", "etenantnotfound", "(enotfound)", "no tenant identifier", "enoidentifier", "no such user"}, final: true,
		text: "the pooler knows no such user of such a project", advice: "write the user as user.project (inav_app.<project ref>), " +
			"with the pooler's host of the project's own region; a paused project is unknown, too"},
	{words: []string{"max clients reached in session mode", "maxconnsession", "maxclientsession"},
		text: "the session pooler has no room", advice: adviceRoom},
	{words: []string{"max client connections reached", "emaxconn", "emaxclientconn", "no more connections allowed", "checkout timeout", "echeckouttimeout", "unable to check out", "query_wait_timeout"},
		text: "the pooler has no connection free", advice: adviceRoom},
	{words: []string{"ssl connection is required", "sslrequired", "no encryption", "ssl required"}, final: true,
		text: "it takes encrypted connections alone", advice: "add sslmode=verify-full, with sslrootcert naming the provider's certificate, to the address"},
	{words: []string{"allow_list", "addrnotallowed", "no pg_hba.conf entry"}, final: true,
		text: "it does not let this machine's address in", advice: "add the address to the database's network restrictions (of a server: pg_hba.conf)"},
	{words: []string{"statement pooling mode"}, final: true, text: "the pooler is in statement mode, where there are no transactions",
		advice: "set its pool_mode to session or transaction"},
	{words: []string{"unsupported startup parameter"}, final: true, text: "the pooler does not take a parameter that stands in the address",
		advice: "take the address's parameters away, but for sslmode and sslrootcert, or list it in the pooler's ignore_startup_parameters"},
	{words: []string{"sasl", "scram", "password authentication failed", "authentication failed", "wrong password"}, final: true,
		text: "it refuses the login (wrong user or password)", advice: adviceLogin},
	{words: []string{"permission denied to set role"}, final: true, text: "the login may not work as the service's role", advice: adviceRole},
	{words: []string{`role "inav_app" does not exist`, `role "inav_worker" does not exist`}, final: true, text: "it has no such role",
		advice: "run this release's migration first: it makes the roles; " + adviceRole},
	{states: []string{"28P01", "28000"}, final: true, text: "it refuses the login (wrong user or password)", advice: adviceLogin},
	{states: []string{"3D000"}, words: []string{"no such database"}, final: true, text: "it has no database of that name",
		advice: "check the name at the address's end; a hosted project's is postgres"},
	{states: []string{"53300"}, text: "it has no connection free", advice: adviceRoom},
	{states: []string{"57P03", "57P01", "57P02"}, words: []string{"server login has been failing", "server_login_retry", "cannot connect to server", "pgbouncer shutting down", "server conn crashed"},
		text: "it is not up yet"},
}

const adviceLogin = "check user and password; a password's special characters are percent-encoded, a pooler's user is user.project, " +
	"and inav_app and inav_worker have none until one is set (alter role inav_app password '...')"

const adviceRole = "the API logs in as inav_app, worker and webhook as inav_worker, each by its own address"

func (s sign) fits(state, message string) bool {
	return slices.Contains(s.states, state) || slices.ContainsFunc(s.words, func(w string) bool { return strings.Contains(message, w) })
}

// refuse makes a Refusal of what a try ended with; addresses is what the
// host's name led to, as far as it was looked up.
func refuse(p Place, addresses []string, err error) error {
	var ours *Refusal
	if err == nil || errors.As(err, &ours) {
		return err
	}
	r := &Refusal{Place: p, cause: err}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		r.said(pg)
		return r
	}
	r.unreached(addresses, err)
	return r
}

// said reads a server's own refusal.
func (r *Refusal) said(pg *pgconn.PgError) {
	message := strings.ToLower(pg.Message)
	for _, s := range signs {
		if s.fits(pg.Code, message) {
			r.text, r.advice, r.Final = s.text, s.advice, s.final
			return
		}
	}
	r.text = "it answers with SQLSTATE " + pg.Code + ", of which this program knows no more"
	r.advice = "look into the server's own log, and the pooler's"
}

// unreached reads a failure of the way there.
func (r *Refusal) unreached(addresses []string, err error) {
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	text := strings.ToLower(err.Error())
	switch {
	case lostOnIPv6(addresses, err):
		r.Final, r.text = true, "the host has IPv6 addresses alone, and this machine has no way to them"
		r.advice = "use the project's pooler, which has IPv4: aws-<n>-<region>.pooler.supabase.com, port 5432 for session mode, " +
			"user inav_app.<project ref>; or give this machine IPv6, or the project its IPv4 add-on"
	case errors.As(err, &name) && name.IsNotFound:
		r.text, r.advice = "there is no host of that name", "check the address, and that the project is not paused"
	case errors.Is(err, pgconn.ErrStandbyConnection):
		r.text, r.advice = "it is a standby", "lead the address to the primary; a standby is taken once it is promoted"
	case errors.As(err, &certificate):
		r.Final, r.text = true, "its certificate is not trusted"
		r.advice = "name the provider's certificate with sslrootcert, and check that the host is the one it was made for"
	case strings.Contains(text, "refused tls"):
		r.Final, r.text = true, "it speaks no TLS, which the address asks for"
		r.advice = "turn TLS on at the server; sslmode=disable is for a server on this machine"
	case strings.Contains(text, "sasl") || strings.Contains(text, "scram"):
		r.Final, r.text, r.advice = true, "the login failed while the password was proved", adviceLogin
	case errors.Is(err, context.Canceled):
		r.text = "the try was ended"
	case errors.Is(err, syscall.ECONNREFUSED):
		r.text, r.advice = "nothing listens there", "check host and port, and that the server runs"
	default:
		r.text, r.advice = "it does not answer", "check host and port, that the server runs and has connections free, and that no firewall is between"
	}
}

// lostOnIPv6 reports a host that no IPv4 leads to, and no IPv6 from here.
func lostOnIPv6(addresses []string, err error) bool {
	for _, text := range addresses {
		if ip, bad := netip.ParseAddr(text); bad != nil || ip.Unmap().Is4() || ip.IsLoopback() {
			return false
		}
	}
	var timeout net.Error
	lost := slices.ContainsFunc([]error{syscall.ENETUNREACH, syscall.EHOSTUNREACH, syscall.EADDRNOTAVAIL, syscall.EAFNOSUPPORT, context.DeadlineExceeded},
		func(target error) bool { return errors.Is(err, target) }) || errors.As(err, &timeout) && timeout.Timeout()
	return len(addresses) > 0 && lost
}
