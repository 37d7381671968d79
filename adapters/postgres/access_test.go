package postgres_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// denied is the SQLSTATE of a missing privilege, a broken policy and a missing
// user alike.
const denied = "42501"

// list runs a query for one column of text as the superuser.
func (h *house) list(sql string, args ...any) []string {
	h.t.Helper()
	rows, err := h.db.SuperConn().Query(h.t.Context(), sql, args...)
	if err != nil {
		h.t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

// tables lists the catalogue's tables of the product's schemas.
func (h *house) tables() []string {
	h.t.Helper()
	list := h.list(`select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where n.nspname in ('upload_pipeline', 'local_auth') and c.relkind in ('r', 'p', 'm', 'v', 'f') order by 1`)
	if len(list) < 14 {
		h.t.Fatalf("pg_class knows only %q", list)
	}
	return list
}

// statements touches a table in each of the four ways.
func (h *house) statements(table string) map[string]string {
	h.t.Helper()
	column := h.list(`select attname::text from pg_attribute where attrelid = $1::text::regclass and attnum > 0 and not attisdropped
		and attgenerated = '' and attidentity = '' order by attnum limit 1`, table)[0]
	return map[string]string{
		"select": `select 1 from ` + table, "insert": `insert into ` + table + ` default values`,
		"update": fmt.Sprintf(`update %s set %q = %q`, table, column, column), "delete": `delete from ` + table,
	}
}

// try runs one statement in a transaction that is rolled back, as a role with
// claims; "" leaves either out.
func (h *house) try(pool *pgxpool.Pool, role string, claims []byte, sql string, args ...any) (touched int64, err error) {
	h.t.Helper()
	tx, err := pool.Begin(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	defer tx.Rollback(h.t.Context()) //nolint:errcheck // nothing is kept
	if claims != nil {
		if _, err := tx.Exec(h.t.Context(), `select set_config('request.jwt.claims', $1, true)`, string(claims)); err != nil {
			h.t.Fatal(err)
		}
	}
	if role != "" {
		if _, err := tx.Exec(h.t.Context(), `set local role `+role); err != nil {
			h.t.Fatal(err)
		}
	}
	tag, err := tx.Exec(h.t.Context(), sql, args...)
	return tag.RowsAffected(), err
}

// super is a pool that may become any role.
func (h *house) super() *pgxpool.Pool {
	h.t.Helper()
	pool, err := pgxpool.New(h.t.Context(), h.db.SuperURL())
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(pool.Close)
	return pool
}

// peopled gives two users a complete document, a waiting callback's attempt and
// an intent each, so that every table with an owner has rows of both.
func (h *house) peopled() (ada, bob ports.Principal, adas, bobs ports.Standing) {
	h.t.Helper()
	ada, bob = user(h.t), user(h.t)
	adas, bobs = h.upload(ada, "ada's", 2), h.upload(bob, "bob's", 2)
	for who, doc := range map[*ports.Principal]ports.Standing{&ada: adas, &bob: bobs} {
		h.walk(doc, core.Finish)
		for range 2 { // a call that has ended, and one under way
			c := call(core.Interactive)
			c.Payer.User = who.User
			if _, err := h.desks()[0].Begin(h.t.Context(), c, core.Pace{Lease: time.Hour}); err != nil {
				h.t.Fatal(err)
			}
			if h.count(`select count(*) from upload_pipeline.costs where user_id = $1`, who.User) == 0 {
				if err := h.desks()[0].End(h.t.Context(), c, charged(c)); err != nil {
					h.t.Fatal(err)
				}
			}
		}
		if err := h.library.Intend(h.t.Context(), *who, who.User.String()+"/intended"); err != nil {
			h.t.Fatal(err)
		}
		h.announce(*who, "announced")
		h.key(*who)
		h.grant(who.User, core.RoleOnCall)
		hold := core.Hold{User: who.User, Reason: "CASE-1", Operator: "test"}
		if _, err := h.store.SetHold(h.t.Context(), hold); err != nil {
			h.t.Fatal(err)
		}
		if _, err := h.store.LiftHold(h.t.Context(), hold); err != nil {
			h.t.Fatal(err)
		}
		if err := h.library.Remove(h.t.Context(), *who, h.upload(*who, "removed", 2).Document); err != nil {
			h.t.Fatal(err)
		}
	}
	h.seal()
	for _, who := range []ports.Principal{ada, bob} { // some rows wait, and some are chained
		h.note(core.AuditEntry{Actor: core.ActorUser, User: who.User, Action: core.AuditSearch, Outcome: core.AuditDone})
	}
	return ada, bob, adas, bobs
}

func TestC5_RowSecurityIsEnabledAndForcedOnEveryTable(t *testing.T) {
	h := open(t)
	h.tables()
	open := h.list(`select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where n.nspname in ('upload_pipeline', 'local_auth') and c.relkind in ('r', 'p') and not (c.relrowsecurity and c.relforcerowsecurity)`)
	if len(open) > 0 {
		t.Errorf("row security is not enabled and forced on %q", open)
	}
	odd := h.list(`select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where n.nspname in ('upload_pipeline', 'local_auth') and c.relkind in ('v', 'm', 'f')`)
	if len(odd) > 0 {
		t.Errorf("%q are not tables: row security does not cover them", odd)
	}
	// The sealing of the audit log alone: no service may take a row out of it.
	if definers := h.list(`select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
		where n.nspname in ('upload_pipeline', 'local_auth', 'auth') and p.prosecdef
		and not (p.oid = 'upload_pipeline.seal_audit(integer)'::regprocedure and p.proconfig = array['search_path=""'])`); len(definers) > 0 {
		t.Errorf("%q run as their owner", definers)
	}
}

func TestTheAPIsRoleOwnsNothingAndInheritsNothing(t *testing.T) {
	h := open(t)
	roles := h.list(`select rolname || ' ' || rolinherit || rolbypassrls || rolsuper || rolcreaterole || rolcreatedb || rolreplication
		from pg_roles where rolname in ('inav_app', 'inav_worker', 'inav_operator', 'inav_riverui', 'authenticated', 'anon', 'service_role') order by 1`)
	want := []string{"anon falsefalsefalsefalsefalsefalse", "authenticated falsefalsefalsefalsefalsefalse", "inav_app falsefalsefalsefalsefalsefalse",
		"inav_operator falsefalsefalsefalsefalsefalse", "inav_riverui falsefalsefalsefalsefalsefalse", "inav_worker truefalsefalsefalsefalsefalse", "service_role falsefalsefalsefalsefalsefalse"}
	if diff := cmp.Diff(want, roles); diff != "" {
		t.Errorf("inherit, bypassrls, superuser, createrole, createdb, replication:\n%s", diff)
	}
	members := h.list(`select m.rolname || ' in ' || r.rolname || ' admin ' || a.admin_option from pg_auth_members a
		join pg_roles m on m.oid = a.member join pg_roles r on r.oid = a.roleid
		where m.rolname in ('inav_app', 'inav_worker', 'inav_operator', 'inav_riverui', 'authenticated', 'anon', 'service_role') order by 1`)
	if diff := cmp.Diff([]string{"inav_app in authenticated admin false", "inav_app in inav_operator admin false", "inav_worker in service_role admin false"}, members); diff != "" {
		t.Errorf("the memberships:\n%s", diff)
	}
	owned := h.list(`select classid::regclass || ' ' || objid from pg_shdepend where deptype = 'o' and refclassid = 'pg_authid'::regclass
		and dbid in (0, (select oid from pg_database where datname = current_database()))
		and refobjid in (select oid from pg_roles where rolname in ('inav_app', 'inav_worker', 'inav_operator', 'inav_riverui', 'authenticated', 'anon', 'service_role'))`)
	if len(owned) > 0 {
		t.Errorf("the services' roles own %q", owned)
	}
	creators := h.list(`select rolname || ' in ' || nspname from pg_roles, pg_namespace
		where rolname in ('inav_app', 'inav_worker', 'authenticated', 'anon') and has_schema_privilege(rolname, pg_namespace.oid, 'create')
		and nspname not like 'pg_temp%'`)
	if len(creators) > 0 {
		t.Errorf("%q may create things", creators)
	}
}

// plain are the tables that hold nothing of a document's owner and that the API
// reads before anyone is known: who runs, which schema, who can log in,
// the answers that nobody reads without their key, how the corpus was made, the
// sums of costs, the pace of calls, what rests, and which tries and sessions are
// not to be taken.
func plain(table string) bool {
	return strings.HasPrefix(table, "local_auth.") || slices.Contains([]string{"upload_pipeline.instances", "upload_pipeline.identity",
		"upload_pipeline.schema_serves", "upload_pipeline.schema_version", "upload_pipeline.idempotency_keys",
		"upload_pipeline.corpus", "upload_pipeline.generations", "upload_pipeline.spending", "upload_pipeline.provider_paces",
		"upload_pipeline.pauses", "upload_pipeline.sign_in_tries", "upload_pipeline.ended_sessions"}, table)
}

// No role set and no claims set is an error on every table, never all rows.
func TestNoClaimsIsAnError(t *testing.T) {
	h := open(t)
	h.peopled()
	for _, claims := range [][]byte{nil, {}, []byte(`{}`), []byte(`{"sub":null}`), []byte(`{"role":"service_role"}`)} {
		for _, table := range h.tables() {
			if plain(table) {
				continue
			}
			for how, sql := range h.statements(table) {
				if n, err := h.try(h.app, "", claims, sql); sqlState(err) != denied {
					t.Errorf("claims %q: %s on %s: %d rows and %v, want SQLSTATE %s", claims, how, table, n, err, denied)
				}
			}
		}
	}
}

func TestTheAPICannotChangeWhatTheDatabaseSaysOfItself(t *testing.T) {
	h := open(t)
	for _, table := range []string{"upload_pipeline.identity", "upload_pipeline.schema_serves", "upload_pipeline.schema_version"} {
		for how, sql := range h.statements(table) {
			_, err := h.try(h.app, "", nil, sql)
			if how == "select" && err != nil {
				t.Errorf("%s of %s: %v", how, table, err)
			}
			if how != "select" && sqlState(err) != denied {
				t.Errorf("%s of %s: %v, want it denied", how, table, err)
			}
		}
	}
}

// rowsOf is everything of one owner, for comparison.
func (h *house) rowsOf(who ports.Principal) (rows []string) {
	h.t.Helper()
	for _, table := range h.list(`select c.oid::regclass::text from pg_class c join pg_attribute a on a.attrelid = c.oid
		where c.relnamespace = 'upload_pipeline'::regnamespace and c.relkind = 'r' and a.attname = 'user_id' order by 1`) {
		found := h.list(`select t::text from `+table+` t where user_id = $1 order by 1`, who.User)
		if len(found) == 0 {
			h.t.Fatalf("%s has no row of the user: nothing would be proved", table)
		}
		rows = append(rows, found...)
	}
	return rows
}

func TestL007_C2_NothingOfAnotherOwnerIsReachable(t *testing.T) {
	h := open(t)
	ada, bob, _, bobs := h.peopled()
	before := h.rowsOf(bob)
	h.queue.take()
	// The second speaks as bob with ada's claims: the claims decide.
	for name, who := range map[string]ports.Principal{"ada": ada, "ada who says bob": {User: bob.User, Claims: ada.Claims}} {
		for how, err := range h.reach(who, bobs) {
			if !core.HasCode(err, core.CodeNotFound) {
				t.Errorf("%s: %s of bob's document: %v, want not_found", name, how, err)
			}
		}
		found, err := h.library.Search(t.Context(), who, ports.Query{Vector: unit(1), Limit: 100})
		if err != nil {
			t.Errorf("%s: search: %v", name, err)
		}
		for _, passage := range found {
			if passage.Document == bobs.Document {
				t.Errorf("%s: the search found bob's passage", name)
			}
		}
		if _, err := h.library.Add(t.Context(), ports.Principal{User: bob.User, Claims: ada.Claims}, newDocument(bob, "new")); err == nil {
			t.Error("ada added a document for bob")
		}
		if err := h.library.Forsake(t.Context(), who, bob.User.String()+"/intended"); err != nil {
			t.Errorf("forsake: %v", err)
		}
	}
	if diff := cmp.Diff(before, h.rowsOf(bob)); diff != "" {
		t.Errorf("bob's rows changed:\n%s", diff)
	}
	if jobs := h.queue.take(); len(jobs) > 0 {
		t.Errorf("jobs were started: %+v", jobs)
	}
}

// reach tries every call that names a document.
func (h *house) reach(who ports.Principal, target ports.Standing) map[string]error {
	ctx, errs := h.t.Context(), map[string]error{}
	_, errs["Standing"] = h.library.Standing(ctx, who, target.Document)
	_, errs["Find"] = h.library.Find(ctx, who, target.SHA256)
	_, errs["Retry"] = h.library.Retry(ctx, who, target.Document)
	errs["Remove"] = h.library.Remove(ctx, who, target.Document)
	return errs
}

// Every query whose WHERE was forgotten still answers with one's own rows.
func TestL007_AForgottenWhereShowsOnesOwnRows(t *testing.T) {
	h := open(t)
	ada, _, _, _ := h.peopled()
	for _, side := range []struct{ role, table string }{
		{"authenticated", "documents"}, {"authenticated", "upload_jobs"}, {"authenticated", "document_pages"},
		{"authenticated", "document_chunks"}, {"authenticated", "events"}, {"", "documents"}, {"", "upload_jobs"}, {"", "storage_intents"},
		{"", "upload_intents"}, {"", "api_keys"}, {"", "role_grants"},
	} {
		own := h.count(`select count(*) from upload_pipeline.`+side.table+` where user_id = $1`, ada.User)
		seen, err := h.try(h.app, side.role, ada.Claims, `select user_id from upload_pipeline.`+side.table)
		foreign, err2 := h.try(h.app, side.role, ada.Claims, `select user_id from upload_pipeline.`+side.table+` where user_id <> $1`, ada.User)
		if err != nil || err2 != nil || seen != int64(own) || foreign != 0 || own == 0 {
			t.Errorf("%q of %s: %d rows, %d foreign (%v, %v), want the %d of ada's", side.role, side.table, seen, foreign, err, err2, own)
		}
	}
	for table, sql := range map[string]string{
		"documents": `update upload_pipeline.documents set removed_at = now()`, "upload_jobs": `update upload_pipeline.upload_jobs set status = 'deleting'`,
		"storage_intents": `delete from upload_pipeline.storage_intents`, "api_keys": `delete from upload_pipeline.api_keys`,
	} {
		own := h.count(`select count(*) from upload_pipeline.`+table+` where user_id = $1`, ada.User)
		if n, err := h.try(h.app, "", ada.Claims, sql); err != nil || n != int64(own) {
			t.Errorf("%s: %d rows (%v), want the %d of ada's", sql, n, err, own)
		}
	}
}
