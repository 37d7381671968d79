package terraform_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// runs are the environments that make backups; the second region stands by.
var runs = []string{"production", "staging", "options"}

// jobPolicies are those of backups, drills and restores.
func jobPolicies() []policy {
	backup, drill := `aws_scheduler_schedule.job["backup"]`, `aws_scheduler_schedule.job["drill"]`
	missing, failed := `aws_cloudwatch_metric_alarm.job_missing["backup"]`, `aws_cloudwatch_metric_alarm.job_failed["drill"]`
	role := `module.job["backup"].aws_iam_role_policy.run[0]`
	grant := func(action, on string) string {
		return `{"Statement":[{"Effect":"Allow","Action":["` + action + `"],"Resource":"` + on + `"}]}`
	}
	return []policy{
		{"jobs put and read backups, and never delete", here, archived, map[string]func(*testing.T, *plan){
			"deletion":             change(role, "policy", grant("s3:DeleteObject", "arn:aws:s3:::navigator-production-backup-123456789012/*")),
			"old versions":         change(role, "policy", grant("s3:DeleteObjectVersion", "arn:aws:s3:::navigator-production-backup-123456789012/*")),
			"past the lock":        change(role, "policy", grant("s3:BypassGovernanceRetention", "arn:aws:s3:::navigator-production-backup-123456789012/*")),
			"another bucket":       change(role, "policy", grant("s3:PutObject", "arn:aws:s3:::navigator-production-assets/*")),
			"a drill that writes":  change(`module.job["drill"].aws_iam_role_policy.run[0]`, "policy", grant("s3:PutObject", "arn:aws:s3:::navigator-production-backup-123456789012/*")),
			"a job without rights": drop(`module.job["restore"].aws_iam_role_policy.run[0]`),
		}},
		{"backups are made, kept and proved by the clock", runs, scheduled, map[string]func(*testing.T, *plan){
			"a nonsense time":       change(backup, "schedule_expression", "cron(15 25 * * *)"),
			"switched off":          change(backup, "state", "DISABLED"),
			"no drill":              drop(drill),
			"another command":       inTarget(drill, "input", `{"containerOverrides":[{"name":"app","command":["backup","list"]}]}`),
			"without its log line":  inTarget(backup, "input", `{"containerOverrides":[{"name":"app","command":["backup","create"]}]}`),
			"a release for ever":    inBlock(backup, "task_definition_arn", "arn:aws:ecs:us-east-1:123456789012:task-definition/navigator-production-backup:1", "target", 0, "ecs_parameters", 0),
			"a public address":      inBlock(drill, "assign_public_ip", true, "target", 0, "ecs_parameters", 0, "network_configuration", 0),
			"whatever task it asks": change("aws_iam_role_policy.schedule", "policy", grant("ecs:RunTask", "arn:aws:ecs:us-east-1:123456789012:task-definition/*")),
		}},
		{"a job that is missing or failed is told", runs, told, map[string]func(*testing.T, *plan){
			"silence is fine":        change(missing, "treat_missing_data", "notBreaching"),
			"nobody hears":           change(failed, "alarm_actions", []any{}),
			"no alarm":               drop(missing),
			"another line":           change(`aws_cloudwatch_log_metric_filter.job["BackupDone"]`, "pattern", `{ $.msg = "backup" }`),
			"nothing counts":         drop(`aws_cloudwatch_log_metric_filter.job["RestoreDrillFailed"]`),
			"further than it looks":  change(`aws_cloudwatch_metric_alarm.job_missing["drill"]`, "evaluation_periods", 8.0),
			"a week without backups": change(missing, "evaluation_periods", 7.0),
		}},
		{"the second region makes no backups, and reads the copies", []string{"production-dr"}, standing, map[string]func(*testing.T, *plan){
			"two who back up":      change(backup, "state", "ENABLED"),
			"its own empty bucket": inTask("restore", "environment", []any{map[string]any{"name": "BACKUP_DIR", "value": "s3://navigator-production-dr-backup-123456789012/"}}),
			"an alarm for what rests": func(_ *testing.T, p *plan) {
				p.Resources = append(p.Resources, resource{Address: missing, Type: "aws_cloudwatch_metric_alarm"})
			},
		}},
		{"what a backup needs is locked, and is read at once", []string{"production", "production-dr", "options"}, outlasting, map[string]func(*testing.T, *plan){
			"a lock for its rows alone":   inBlock("module.backup.aws_s3_bucket_object_lock_configuration.this[0]", "days", 35.0, "rule", 0, "default_retention", 0),
			"files that are never copied": inTask("backup", "environment", []any{}),
			"files that grow cold first":  inBlock("module.backup_copy.aws_s3_bucket_lifecycle_configuration.this", "transition", []any{map[string]any{"days": 60.0, "storage_class": "DEEP_ARCHIVE"}}, "rule", 0),
		}},
		{"backups' secrets go to the jobs alone", []string{"production", "staging", "production-dr"}, handed, map[string]func(*testing.T, *plan){
			"the backups' key to the API":      inTask("api", "secrets", []any{map[string]any{"name": "BACKUP_KEY"}}),
			"the database to the drill":        inTask("drill", "secrets", []any{map[string]any{"name": "BACKUP_KEY"}, map[string]any{"name": "MIGRATE_DATABASE_URL"}}),
			"the parser's key to the backup":   inTask("backup", "secrets", []any{map[string]any{"name": "LLAMAPARSE_API_KEY"}}),
			"a restore without the parser key": inTask("restore", "secrets", []any{map[string]any{"name": "BACKUP_KEY"}}),
		}},
	}
}

// inTarget changes what a schedule starts.
func inTarget(address, attribute string, value any) func(*testing.T, *plan) {
	return inBlock(address, attribute, value, "target", 0)
}

// allowed is what each job may do at AWS, and nothing more.
var allowed = map[string][]string{
	"backup":  {"kms:Decrypt", "kms:GenerateDataKey", "s3:AbortMultipartUpload", "s3:GetObject", "s3:ListBucket", "s3:PutObject"},
	"drill":   {"kms:Decrypt", "s3:GetObject", "s3:ListBucket"},
	"restore": {"kms:Decrypt", "s3:GetObject", "s3:ListBucket"},
}

// bucketOfBackups is one, or what is in it.
var bucketOfBackups = regexp.MustCompile(`^arn:aws:s3:::navigator-[a-z-]+-backup(-copy)?-[0-9]{12}(/\*)?$`)

func archived(p *plan) (told []string) {
	for job, want := range allowed {
		var document statements
		text := ""
		for _, r := range p.of("aws_iam_role_policy") {
			if r.Address == fmt.Sprintf("module.job[%q].aws_iam_role_policy.run[0]", job) {
				text = r.text("policy")
			}
		}
		if err := json.Unmarshal([]byte(text), &document); err != nil {
			told = append(told, job+": no policy that a plan knows")
		}
		var got []string
		for _, s := range document.Statement {
			got = append(got, words(s.Action)...)
			for _, on := range words(s.Resource) {
				if !bucketOfBackups.MatchString(on) && !strings.HasPrefix(words(s.Action)[0], "kms:") {
					told = append(told, job+": may reach "+on)
				}
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			told = append(told, fmt.Sprintf("%s: may %v, want %v", job, got, want))
		}
	}
	return told
}

// at is how AWS writes a time: it checks that at the apply alone.
var at = regexp.MustCompile(`^(cron\([0-5]?[0-9](/\d+)? (\*|1?[0-9]|2[0-3])(/\d+)? (\* \* \?|\? \* (\*|[1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)|([12]?[0-9]|3[01]) (\*|[1-9]|1[0-2]) \?) \*\)|rate\(([2-9]|[1-5][0-9]) minutes\))$`)

func scheduled(p *plan) (told []string) {
	commands := map[string]string{"backup": `["backup","create","--log"]`, "tombstones": `["backup","tombstones","--log"]`, "drill": `["restore","drill","--log"]`}
	families := map[string]string{"backup": "backup", "tombstones": "backup", "drill": "drill"}
	seen := 0
	for _, r := range p.of("aws_scheduler_schedule") {
		name := strings.TrimPrefix(r.text("name"), p.name()+"-")
		seen++
		network := []any{"target", 0, "ecs_parameters", 0, "network_configuration", 0, "assign_public_ip"}
		switch {
		case !at.MatchString(r.text("schedule_expression")) || r.text("state") != "ENABLED":
			told = append(told, r.Address+": it never runs: "+r.text("schedule_expression"))
		case r.text("target", 0, "input") != `{"containerOverrides":[{"command":`+commands[name]+`,"name":"app"}]}`:
			told = append(told, r.Address+": it runs something else")
		case !strings.HasSuffix(r.text("target", 0, "ecs_parameters", 0, "task_definition_arn"), ":task-definition/"+p.name()+"-"+families[name]):
			told = append(told, r.Address+": it takes another task than the newest of its family")
		case r.get(network...) != false:
			told = append(told, r.Address+": it has a public address")
		}
	}
	if seen != len(commands) {
		told = append(told, fmt.Sprintf("%d schedules", seen))
	}
	for _, r := range p.of("aws_iam_role_policy") {
		if r.Address == "aws_iam_role_policy.schedule" && (strings.Contains(r.text("policy"), "task-definition/*") || !strings.Contains(r.text("policy"), p.name()+"-drill:*")) {
			told = append(told, r.Address+": it starts other tasks")
		}
	}
	return told
}

// told holds each job to a count of its good and bad ends, and two alarms.
func told(p *plan) (told []string) {
	patterns, alarms := map[string]string{}, map[string]resource{}
	for _, r := range p.of("aws_cloudwatch_log_metric_filter") {
		patterns[r.text("metric_transformation", 0, "name")] = r.text("pattern")
	}
	for _, r := range p.of("aws_cloudwatch_metric_alarm") {
		alarms[r.text("metric_name")] = r
	}
	longest := map[string]time.Duration{"Backup": 24 * time.Hour, "Tombstones": time.Hour, "RestoreDrill": 7 * 24 * time.Hour}
	for metric, line := range map[string]string{"Backup": "backup", "Tombstones": "tombstones", "RestoreDrill": "restore drill"} {
		done, failed := alarms[metric+"Done"], alarms[metric+"Failed"]
		looks := time.Duration(done.number("period")*done.number("evaluation_periods")) * time.Second
		switch {
		case patterns[metric+"Done"] != `{ $.msg = "`+line+` done" }` || patterns[metric+"Failed"] != `{ $.msg = "`+line+` failed" }`:
			told = append(told, line+": its lines are not counted")
		case done.text("treat_missing_data") != "breaching" || looks > longest[metric] || looks == 0:
			told = append(told, fmt.Sprintf("%s: it may be missing for %s, and nobody is told", line, looks))
		case !heard(done) || !heard(failed):
			told = append(told, line+": nobody hears of it")
		}
	}
	return told
}

// heard reports whether an alarm has somebody to tell.
func heard(alarm resource) bool {
	list, _ := alarm.get("alarm_actions").([]any)
	return len(list) > 0 || alarm.Change.Unknown["alarm_actions"] != nil
}

func standing(p *plan) (told []string) {
	for _, r := range p.of("aws_scheduler_schedule") {
		if r.text("state") != "DISABLED" {
			told = append(told, r.Address+": it runs beside the first region's")
		}
	}
	for _, r := range p.of("aws_cloudwatch_metric_alarm") {
		if strings.HasPrefix(r.Address, "aws_cloudwatch_metric_alarm.job_") {
			told = append(told, r.Address+": told of what does not run")
		}
	}
	for _, task := range []string{"restore", "drill"} {
		if from := p.setting(task, "BACKUP_DIR"); from != "s3://navigator-production-backup-copy-123456789012/" {
			told = append(told, task+": it reads "+from)
		}
	}
	return told
}

// setting is a task's open setting.
func (p *plan) setting(task, name string) string {
	for _, setting := range p.tasks()[task].Environment {
		if setting.Name == name {
			return setting.Value
		}
	}
	return ""
}

// recent is how old a backup may be that has to be whole, locked and at hand.
const recent = 35 * 24 * time.Hour

// outlasting holds the buckets to the files of such a backup: each was copied at
// most BACKUP_RENEW before it.
func outlasting(p *plan) (told []string) {
	renew, err := time.ParseDuration(p.setting("backup", "BACKUP_RENEW"))
	if err != nil || renew <= 0 {
		return []string{"files are copied once, and outlive their lock: " + strconv.Quote(p.setting("backup", "BACKUP_RENEW"))}
	}
	days := func(n float64) time.Duration { return time.Duration(n) * 24 * time.Hour }
	for _, r := range p.of("aws_s3_bucket_object_lock_configuration") {
		if days(r.number("rule", 0, "default_retention", 0, "days")) < renew+recent {
			told = append(told, r.Address+": its lock ends while a backup needs the file")
		}
	}
	for _, r := range p.of("aws_s3_bucket_lifecycle_configuration") {
		if !strings.HasPrefix(r.Address, "module.backup") {
			continue
		}
		transitions, _ := r.get("rule", 0, "transition").([]any)
		for _, one := range transitions {
			after, _ := walk(one, "days").(float64)
			if walk(one, "storage_class") == "DEEP_ARCHIVE" && days(after) < renew+recent {
				told = append(told, r.Address+": a recent backup's files lie in the deep archive")
			}
		}
	}
	return told
}
