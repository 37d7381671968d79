package terraform_test

import (
	"fmt"
	"regexp"
	"slices"
)

// given is who gets which secret: no task has more.
var given = map[string][]string{
	"api":     {"DATABASE_URL", "OPENAI_API_KEY", "SUPABASE_ANON_KEY", "SUPABASE_SERVICE_ROLE_KEY", "WEBHOOK_MASTER_KEY"},
	"worker":  {"LLAMAPARSE_API_KEY", "OPENAI_API_KEY", "SUPABASE_SERVICE_ROLE_KEY", "WEBHOOK_MASTER_KEY", "WORKER_DATABASE_URL"},
	"webhook": {"WEBHOOK_MASTER_KEY", "WORKER_DATABASE_URL"},
	"migrate": {"MIGRATE_DATABASE_URL"},
	"backup":  {"BACKUP_KEY", "MIGRATE_DATABASE_URL", "SUPABASE_SERVICE_ROLE_KEY"},
	"drill":   {"BACKUP_KEY", "DRILL_DATABASE_URL"},
	"restore": {"BACKUP_KEY", "LLAMAPARSE_API_KEY", "MIGRATE_DATABASE_URL", "OPENAI_API_KEY", "SUPABASE_SERVICE_ROLE_KEY", "WEBHOOK_MASTER_KEY", "WORKER_DATABASE_URL"},
}

// due is what a service gets in a plan: the API the cache's address, too, where
// there is one, and the worker where statuses are kept there.
func (p *plan) due(service string) []string {
	asks := service == "api" && len(p.of("aws_elasticache_replication_group")) > 0 ||
		service == "worker" && p.tasks()["worker"].setting("STATUS_CACHE_TTL") != ""
	if asks {
		return slices.Sorted(slices.Values(append([]string{"REDIS_URL"}, given[service]...)))
	}
	return given[service]
}

func handed(p *plan) (told []string) {
	tasks := p.tasks()
	for name := range given {
		all := []string{name}
		if !slices.Contains([]string{"backup", "drill", "restore"}, name) { // those that a doctor goes before
			all = append(all, "doctor-"+name)
		}
		for _, task := range all {
			if got := tasks[task].secretNames(); !slices.Equal(got, p.due(name)) {
				told = append(told, fmt.Sprintf("%s gets the secrets %v, want %v", task, got, p.due(name)))
			}
		}
	}
	return told
}

// secretLooks is how the secrets of the providers look, and an address with a
// password.
var secretLooks = regexp.MustCompile(`\bllx-\w{8,}|\bsb_secret_\w{8,}|\bsk-[\w-]{16,}|(postgres(ql)?|rediss?)://[^:@/"\s]*:[^@"\s]+@|PRIVATE KEY-----`)

func open(p *plan) (told []string) {
	if found := secretLooks.Find(p.raw); found != nil {
		told = append(told, "the plan holds what looks like a secret")
	}
	for name, c := range p.tasks() {
		for _, setting := range c.Environment {
			if secretName(setting.Name) {
				told = append(told, name+": "+setting.Name+" stands in the open")
			}
		}
	}
	return told
}

func secretName(name string) bool {
	return regexp.MustCompile(`KEY|SECRET|PASSWORD|PASS$|DATABASE_URL|REPLICA_URL|REDIS_URL`).MatchString(name)
}
