package dump

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPlainIsTheSameForEveryVersion feeds what PostgreSQL 15 and 17 print of
// one schema, by superusers of two names.
func TestPlainIsTheSameForEveryVersion(t *testing.T) {
	t.Parallel()
	const fifteen = `--
-- PostgreSQL database dump
--

-- Dumped from database version 15.14

SET statement_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);

CREATE FUNCTION s.f() RETURNS integer
    LANGUAGE plpgsql
    AS $$
-- a comment of the body

SET x = 1;


$$;


CREATE POLICY process ON s.t TO inav_app, service_role, postgres USING (true) WITH CHECK (true);
`
	const seventeen = `\restrict abc
--
-- Dumped from database version 17.6
--

SET statement_timeout = 0;
SET transaction_timeout = 0;

CREATE FUNCTION s.f() RETURNS integer
    LANGUAGE plpgsql
    AS $$
-- a comment of the body

SET x = 1;


$$;

CREATE POLICY process ON s.t TO "Admin-1", inav_app, service_role USING (true) WITH CHECK (true);

\unrestrict abc
`
	const want = `CREATE FUNCTION s.f() RETURNS integer
    LANGUAGE plpgsql
    AS $$
-- a comment of the body

SET x = 1;


$$;

CREATE POLICY process ON s.t TO inav_app, owner, service_role USING (true) WITH CHECK (true);
`
	if diff := cmp.Diff(want, plain(fifteen, "postgres")); diff != "" {
		t.Errorf("PostgreSQL 15 (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, plain(seventeen, "Admin-1")); diff != "" {
		t.Errorf("PostgreSQL 17 (-want +got):\n%s", diff)
	}
}

func TestPlainKeepsWhatDiffers(t *testing.T) {
	t.Parallel()
	if plain("CREATE TABLE a (b integer);", "x") == plain("CREATE TABLE a (b bigint);", "x") {
		t.Error("two schemas print alike")
	}
}
