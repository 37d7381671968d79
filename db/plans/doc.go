// Package plans holds what PostgreSQL does for each statement of the services, as
// it was last looked at: db/plans/golden has a file an adapter, with the statement,
// the role that sends it, and its plan on a database of half a year's work.
//
// An adapter's tests record what they send (Main), and fail when that holds a
// statement that no plan is kept of. The tests here explain each of them anew.
package plans
