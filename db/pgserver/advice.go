package pgserver

import "strings"

// ways to get PostgreSQL by hand, as typed.
const (
	adviceDebian = `Debian 13, Ubuntu 25.04 or newer:
    sudo apt-get update && sudo apt-get install -y postgresql-17 postgresql-17-pgvector
Debian 12, Ubuntu 24.04: run the same command again as root (or with sudo that asks no password): pgvector is then built for you`
	adviceMac    = "macOS:\n    brew install postgresql@17 pgvector"
	adviceDocker = `Docker, any system:
    docker run -d --name navigator-postgres -e POSTGRES_PASSWORD=navigator -p 127.0.0.1:5432:5432 pgvector/pgvector:pg17
    export DATABASE_URL='postgres://postgres:navigator@127.0.0.1:5432/postgres?sslmode=disable'`
)

// InstallAdvice says what to type to get PostgreSQL with pgvector, the given
// operating system's own way first. It names every way, because a developer
// may read it on another machine than the one that printed it.
func InstallAdvice(goos string) string {
	var order []string
	switch goos {
	case "darwin":
		order = []string{adviceMac, adviceDocker, adviceDebian}
	case "linux":
		order = []string{adviceDebian, adviceDocker, adviceMac}
	default:
		order = []string{adviceDocker, adviceDebian, adviceMac}
	}
	return "To get it, type one of these and run the command again.\n" + strings.Join(order, "\n")
}
