package postgres

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
)

// errAddress quotes nothing: an address holds a password.
var errAddress = errors.New("the database address cannot be read as postgres://user:password@host:port/database")

// Hosts of Supabase, and the form that its shared pooler asks of a user.
var (
	sharedPooler = regexp.MustCompile(`^[a-z0-9-]+\.pooler\.supabase\.com$`)
	directHost   = regexp.MustCompile(`^db\.([a-z0-9]+)\.supabase\.co$`)
	tenantUser   = regexp.MustCompile(`^[^.]+\.[a-z0-9]{16,}$`)
)

// The ports of Supabase's poolers.
const (
	SessionPort     = 5432
	TransactionPort = 6543
)

// Place is where an address leads and as whom, without its password.
type Place struct {
	Host   string
	Port   uint16
	User   string
	Tenant string // the project that stands behind the dot of a pooler's user
	TLS    string // what the address asks for: none, optional, unverified, verified CA, verified
}

// ReadPlace reads an address by the driver's own parser. Its error quotes
// nothing of it.
func ReadPlace(address string) (Place, error) {
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		return Place{}, errAddress
	}
	return placeOf(config), nil
}

func placeOf(config *pgxpool.Config) Place {
	conn := config.ConnConfig
	p := Place{Host: conn.Host, Port: conn.Port, User: conn.User, TLS: tlsAsked(conn.TLSConfig)}
	if tenantUser.MatchString(conn.User) {
		p.User, p.Tenant, _ = strings.Cut(conn.User, ".")
	}
	for _, other := range conn.Fallbacks {
		if other.Host == conn.Host && (other.TLSConfig == nil) != (conn.TLSConfig == nil) {
			p.TLS = "optional"
		}
	}
	return p
}

func tlsAsked(config *tls.Config) string {
	switch {
	case config == nil:
		return "none"
	case !config.InsecureSkipVerify:
		return "verified"
	case config.VerifyPeerCertificate != nil:
		return "verified CA"
	}
	return "unverified"
}

// String is host and port.
func (p Place) String() string { return net.JoinHostPort(p.Host, strconv.Itoa(int(p.Port))) }

// UserForm is how the user is written: plain, or user.project.
func (p Place) UserForm() string {
	if p.Tenant != "" {
		return "user.project"
	}
	return "plain"
}

// Check refuses a user in a form that the host, where it is Supabase's, does
// not take. Nothing is connected to.
func (p Place) Check() error {
	switch direct := directHost.FindStringSubmatch(p.Host); {
	case sharedPooler.MatchString(p.Host) && p.Tenant == "":
		return fmt.Errorf("the pooler %s takes users as user.project (as inav_app.<project ref>), and this one is plain: "+
			"copy the pooler's address of the project, or log in to db.<project ref>.supabase.co", p.Host)
	case direct != nil && p.Tenant != "":
		return fmt.Errorf("%s takes plain users, and this one is user.project, which is the pooler's form: "+
			"leave the dot and the project out, or use the pooler's host", p.Host)
	}
	return nil
}
