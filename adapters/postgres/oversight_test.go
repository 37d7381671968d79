package postgres_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
	"github.com/insurance-navigator/navigator/ports/portstest"
)

// grant gives an account a role as an operator does.
func (h *house) grant(user core.ID, role core.Role) {
	h.t.Helper()
	operations, _ := h.operations()
	if _, err := operations.GrantRole(h.t.Context(), user, role, core.Audit{Operator: "grace", Reason: "OPS-9"}); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) oversight() *postgres.Oversight {
	return postgres.NewOversight(h.app, []string{"line", "embed"}, time.Minute)
}

// reads is every reading of operators, as one account.
func reads(t *testing.T, o *postgres.Oversight, who ports.Principal, id core.ID) map[string]func() (any, error) {
	t.Helper()
	ctx := t.Context()
	return map[string]func() (any, error){
		"documents": func() (any, error) { return o.Watch(ctx, who, ports.Watching{Limit: 10}) },
		"document":  func() (any, error) { return o.Story(ctx, who, id) },
		"queues":    func() (any, error) { return o.Loads(ctx, who) },
		"failures": func() (any, error) {
			list, counts, err := o.Failures(ctx, who, ports.Failures{Limit: 10})
			return []any{list, counts}, err
		},
		"acts": func() (any, error) { return o.Acts(ctx, who, 100) },
	}
}

func TestOversightKeepsTheContract(t *testing.T) {
	t.Parallel()
	portstest.Oversight(t, func(t *testing.T) portstest.OversightCase {
		h := openWhole(t)
		operations, _ := h.operations()
		added := 0
		return portstest.OversightCase{
			Oversight: h.oversight(), Somebody: func() ports.Principal { return user(t) },
			Turn: func(who ports.Principal, role core.Role, on bool) {
				turn := operations.RevokeRole
				if on {
					turn = operations.GrantRole
				}
				if _, err := turn(t.Context(), who.User, role, core.Audit{Operator: "grace", Reason: "OPS-9"}); err != nil {
					t.Fatal(err)
				}
			},
			Add: func(owner ports.Principal, name string) core.ID {
				added++
				doc := h.upload(owner, fmt.Sprint(name, added), 2)
				h.exec(`update upload_pipeline.documents set filename = $2 where document_id = $1`, doc.Document, name)
				return doc.Document
			},
			Written: func() int {
				return h.count(`select count(*) from upload_pipeline.operations_log where action = 'read'`)
			},
		}
	})
}

func TestRolesOpenMetadataAndNothingElse(t *testing.T) {
	h := open(t)
	ada, oncall, admin := user(t), user(t), user(t)
	doc := h.upload(ada, "a sentence of ada's", 2)
	h.walk(doc, core.Finish)
	h.exec(`update upload_pipeline.documents set filename = 'canary-name.pdf', policy_id = 'canary-policy'`)
	h.grant(oncall.User, core.RoleOnCall)
	h.grant(admin.User, core.RoleAdmin)
	o := h.oversight()
	for name, read := range reads(t, o, ada, doc.Document) {
		if got, err := read(); !core.HasCode(err, core.CodeRoleRequired) {
			t.Errorf("%s without a role: %+v, %v", name, got, err)
		}
	}
	for role, who := range map[core.Role]ports.Principal{core.RoleOnCall: oncall, core.RoleAdmin: admin} {
		for name, read := range reads(t, o, who, doc.Document) {
			got, err := read()
			if admins := name == "acts" && role != core.RoleAdmin; (err != nil) != admins || (admins && !core.HasCode(err, core.CodeRoleRequired)) {
				t.Errorf("%s reads %s: %v", role, name, err)
			}
			text := fmt.Sprintf("%+v", got)
			for _, never := range []string{"canary", "original.pdf", "deductible", "copay"} {
				if strings.Contains(text, never) {
					t.Errorf("%s of %s holds %s: %s", name, role, never, text)
				}
			}
		}
	}
	watched, err := o.Watch(t.Context(), oncall, ports.Watching{Statuses: []core.Status{core.Complete}, Limit: 10})
	if err != nil || len(watched) != 1 || watched[0].Document != doc.Document || watched[0].Owner != ada.User || watched[0].Size == 0 {
		t.Errorf("%+v, %v", watched, err)
	}
	story, err := o.Story(t.Context(), oncall, doc.Document)
	if err != nil || len(story.Moves) < 8 || story.Chunks.Embedded != 2 || story.Pages.Parsed != 2 || story.Whereabouts() != core.AtEnd {
		t.Errorf("%+v, %v", story, err)
	}
	if _, err := o.Story(t.Context(), oncall, core.NewID()); !core.HasCode(err, core.CodeNotFound) {
		t.Errorf("no document: %v", err)
	}
	acts, err := o.Acts(t.Context(), oncall, 100)
	if !core.HasCode(err, core.CodeRoleRequired) || len(acts) != 0 {
		t.Errorf("on-call reads what operators did: %v, %v", acts, err)
	}
	if acts, err = o.Acts(t.Context(), admin, 100); err != nil || len(acts) < 10 {
		t.Errorf("%d acts, %v", len(acts), err)
	}
	// Every reading was written down under the reader's own id, that of nothing too.
	if n := h.count(`select count(*) from upload_pipeline.operations_log where action = 'read' and operator = $1`, oncall.User.String()); n != 7 {
		t.Errorf("%d readings of on-call are written down, want 7", n)
	}
}

// The database holds the columns back, whatever a query of ours asks for.
func TestC4_AnOperatorsRoleReadsNoNameAndNoText(t *testing.T) {
	h := open(t)
	_, _, adas, _ := h.peopled()
	boss := user(t)
	h.grant(boss.User, core.RoleAdmin)
	for _, column := range []string{
		"documents.filename", "documents.policy_id", "documents.storage_key", "documents.file_sha256", "document_pages.markdown", "document_chunks.text",
		"document_chunks.context", "document_chunks.embedding", "document_chunks.content_sha256", "document_chunks.headings", "upload_intents.filename",
		"api_keys.key_sha256", "api_keys.name", "costs.user_id", "storage_intents.storage_key", "webhook_log.body_sha256",
	} {
		table, name, _ := strings.Cut(column, ".")
		if _, err := h.try(h.app, "inav_operator", boss.Claims, `select `+name+` from upload_pipeline.`+table); sqlState(err) != denied {
			t.Errorf("%s: %v", column, err)
		}
	}
	for _, sql := range []string{
		`update upload_pipeline.upload_jobs set status = 'deleting'`, `delete from upload_pipeline.documents`, `update upload_pipeline.operations_log set reason = 'x'`,
		`insert into upload_pipeline.role_grants (user_id, role, operator) values (gen_random_uuid(), 'admin', 'me')`,
		`insert into upload_pipeline.operations_log (operator, action, what) values ('somebody else', 'read', 'documents')`,
		`insert into upload_pipeline.operations_log (operator, action, what) values ('` + boss.User.String() + `', 'grant', 'role')`,
	} {
		if _, err := h.try(h.app, "inav_operator", boss.Claims, sql); sqlState(err) != denied {
			t.Errorf("%s: %v", sql, err)
		}
	}
	for role, want := range map[string]bool{"inav_operator": true, "authenticated": false} {
		n, err := h.try(h.app, role, boss.Claims, `select document_id from upload_pipeline.documents where document_id = $1`, adas.Document)
		if err != nil || (n == 1) != want {
			t.Errorf("%s sees %d rows of ada's (%v)", role, n, err)
		}
	}
	nobody := user(t)
	if n, err := h.try(h.app, "inav_operator", nobody.Claims, `select document_id from upload_pipeline.documents`); err != nil || n != 0 {
		t.Errorf("without a grant the role sees %d rows (%v)", n, err)
	}
}

func TestRolesAreGrantedRevokedAndWrittenDown(t *testing.T) {
	h := open(t)
	ada := user(t)
	operations, _ := h.operations()
	by := core.Audit{Operator: "grace", Reason: "OPS-9"}
	turn := func(grant bool) bool {
		t.Helper()
		call := operations.RevokeRole
		if grant {
			call = operations.GrantRole
		}
		changed, err := call(t.Context(), ada.User, core.RoleAdmin, by)
		if err != nil {
			t.Fatal(err)
		}
		return changed
	}
	if !turn(true) || turn(true) {
		t.Error("a role is granted twice")
	}
	if grants, err := operations.RoleGrants(t.Context()); err != nil || len(grants) != 1 || grants[0].User != ada.User || grants[0].Operator != "grace" {
		t.Errorf("%+v, %v", grants, err)
	}
	if roles, err := h.oversight().Roles(t.Context(), ada); err != nil || len(roles) != 1 || roles[0] != core.RoleAdmin {
		t.Errorf("%v, %v", roles, err)
	}
	if !turn(false) || turn(false) {
		t.Error("a role is revoked twice")
	}
	if _, err := h.oversight().Loads(t.Context(), ada); !core.HasCode(err, core.CodeRoleRequired) {
		t.Errorf("a role that was revoked: %v", err)
	}
	log := h.list(`select action || ' ' || what || ' ' || operator || ' ' || reason from upload_pipeline.operations_log order by entry`)
	what := "role:admin:" + ada.User.String() + " grace OPS-9"
	if len(log) != 2 || log[0] != "role_granted "+what || log[1] != "role_revoked "+what {
		t.Errorf("%q", log)
	}
	audit := h.list(`select action || ' ' || user_id || ' ' || operator from upload_pipeline.audit_inbox where action like 'role_%' order by entry`)
	if whom := " " + ada.User.String() + " grace"; len(audit) != 2 || audit[0] != "role_granted"+whom || audit[1] != "role_revoked"+whom {
		t.Errorf("the audit log has %q", audit)
	}
}
