package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
)

// RoleGrant is a role that an account has.
type RoleGrant struct {
	User     core.ID   `json:"user_id"`
	Role     core.Role `json:"role"`
	Granted  time.Time `json:"granted_at"`
	Operator string    `json:"granted_by"`
	Reason   string    `json:"reason"`
}

// GrantRole gives an account a role, and logs who did it, in one transaction;
// changed is false where it has the role already.
func (o *Operations) GrantRole(ctx context.Context, user core.ID, role core.Role, by core.Audit) (changed bool, err error) {
	err = o.inTx(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `insert into upload_pipeline.role_grants (user_id, role, operator, reason)
			values ($1, $2, $3, $4) on conflict do nothing`, user, string(role), by.Operator, by.Reason)
		if changed = tag.RowsAffected() > 0; err != nil || !changed {
			return err
		}
		return recordOf(ctx, tx, by, core.AuditRoleGranted, roleOf(user, role), user, nil, 0)
	})
	return changed, err
}

// RevokeRole takes a role away, which holds from the account's next request on,
// and logs it likewise.
func (o *Operations) RevokeRole(ctx context.Context, user core.ID, role core.Role, by core.Audit) (changed bool, err error) {
	err = o.inTx(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `delete from upload_pipeline.role_grants where user_id = $1 and role = $2`, user, string(role))
		if changed = tag.RowsAffected() > 0; err != nil || !changed {
			return err
		}
		return recordOf(ctx, tx, by, core.AuditRoleRevoked, roleOf(user, role), user, nil, 0)
	})
	return changed, err
}

// roleOf is what the log calls a role of an account.
func roleOf(user core.ID, role core.Role) string { return "role:" + string(role) + ":" + user.String() }

// RoleGrants lists who has which role.
func (o *Operations) RoleGrants(ctx context.Context) ([]RoleGrant, error) {
	rows, err := o.pool.Query(ctx, `select user_id, role, granted_at, operator, reason from upload_pipeline.role_grants order by role, granted_at, user_id`)
	if err != nil {
		return nil, trouble(err)
	}
	grants, err := pgx.CollectRows(rows, pgx.RowToStructByPos[RoleGrant])
	return grants, trouble(err)
}
