package dump

import (
	"regexp"
	"slices"
	"strings"
)

// plain takes out of a dump what differs between PostgreSQL's versions, servers
// and runs: session settings, \restrict lines, version comments, and the name
// of the superuser. Function bodies stay as they are.
func plain(raw, superuser string) string {
	var kept []string
	body := false
	for line := range strings.SplitSeq(raw, "\n") {
		if !body && dropped(line) {
			continue
		}
		if !body && strings.HasPrefix(line, "CREATE POLICY ") {
			line = unname(line, superuser)
		}
		if opens(line) {
			body = !body
		}
		if !body && line == "" && (len(kept) == 0 || kept[len(kept)-1] == "") {
			continue
		}
		kept = append(kept, line)
	}
	return strings.TrimRight(strings.Join(kept, "\n"), "\n") + "\n"
}

// dropped tells a line that says how the dump was made, not what was dumped.
func dropped(line string) bool {
	return strings.HasPrefix(line, "--") || strings.HasPrefix(line, `\`) || strings.HasPrefix(line, "SET ") ||
		strings.HasPrefix(line, "SELECT pg_catalog.set_config(")
}

var quote = regexp.MustCompile(`\$_?\$`)

// opens reports whether a function's body begins or ends in the line.
func opens(line string) bool { return len(quote.FindAllString(line, -1))%2 == 1 }

var policyRoles = regexp.MustCompile(` TO ([^()]+?)( USING | WITH CHECK |;)`)

// unname writes "owner" for the superuser among a policy's roles, which are
// stored in the order of their numbers: sorted, they stay put.
func unname(line, superuser string) string {
	m := policyRoles.FindStringSubmatchIndex(line)
	if m == nil {
		return line
	}
	roles := strings.Split(line[m[2]:m[3]], ", ")
	for i, role := range roles {
		if strings.Trim(role, `"`) == superuser {
			roles[i] = "owner"
		}
	}
	slices.Sort(roles)
	return line[:m[2]] + strings.Join(roles, ", ") + line[m[3]:]
}
