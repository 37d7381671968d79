package terraform_test

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// scrapeFile is the part of the agent's file that is judged.
type scrapeFile struct {
	Global struct {
		External map[string]string `yaml:"external_labels"`
	}
	Write []struct {
		URL   string
		SigV4 struct{ Region string }
	} `yaml:"remote_write"`
	Jobs []struct {
		Name  string `yaml:"job_name"`
		Found []struct {
			Names []string
			Port  int
		} `yaml:"dns_sd_configs"`
		Fixed []struct {
			Targets []string
			Labels  map[string]string
		} `yaml:"static_configs"`
		Relabel []struct {
			Target      string `yaml:"target_label"`
			Replacement string
		} `yaml:"relabel_configs"`
	} `yaml:"scrape_configs"`
}

// scraped holds the agent to every service by its name, with the label env on
// every target, and to the workspace, signed.
func scraped(p *plan) (told []string) {
	text, _ := p.Outputs["agent"].After.(string)
	var file scrapeFile
	if err := yaml.Unmarshal([]byte(text), &file); err != nil || len(file.Write) != 1 || file.Write[0].URL != "WORKSPACEapi/v1/remote_write" ||
		file.Write[0].SigV4.Region == "" || file.Global.External["region"] == "" {
		return []string{fmt.Sprintf("the agent does not write to the workspace: %v", err)}
	}
	jobs := map[string]bool{}
	tasks := p.tasks()
	for _, job := range file.Jobs {
		jobs[job.Name] = true
		env := slices.ContainsFunc(job.Relabel, func(r struct {
			Target      string `yaml:"target_label"`
			Replacement string
		},
		) bool {
			return r.Target == "env" && r.Replacement == tasks["api"].setting("UPLOAD_PIPELINE_ENVIRONMENT")
		})
		for _, fixed := range job.Fixed {
			env = env || fixed.Labels["env"] == tasks["api"].setting("UPLOAD_PIPELINE_ENVIRONMENT")
			if len(fixed.Targets) == 0 {
				told = append(told, job.Name+": nothing is scraped")
			}
		}
		if !env {
			told = append(told, job.Name+": targets without the label env wake nobody")
		}
		for _, found := range job.Found {
			if len(found.Names) != 1 || found.Names[0] != job.Name+"."+p.name()+".internal" || fmt.Sprint(found.Port) != tasks[job.Name].setting("ADMIN_PORT") {
				told = append(told, fmt.Sprintf("%s is looked for at %v:%d", job.Name, found.Names, found.Port))
			}
		}
	}
	for _, want := range []string{"api", "webhook", "worker", "prometheus", "alertmanager", "loki", "tempo", "blackbox", "probe"} {
		if !jobs[want] {
			told = append(told, want+" is not scraped")
		}
	}
	return append(told, discovered(p)...)
}

// discovered holds the names that the agent asks for to be there.
func discovered(p *plan) (told []string) {
	names := map[string]bool{}
	for _, r := range p.of("aws_service_discovery_service") {
		names[r.text("name")] = true
	}
	for _, want := range []string{"api", "webhook", "worker", "agent", "loki", "alertmanager", "tempo", "prober", "clamd"} {
		if !names[want] {
			told = append(told, want+" has no name")
		}
	}
	return told
}

// operators holds the port of profiles and metrics to the agent alone.
func operators(p *plan) (told []string) {
	let := []string{}
	for _, r := range p.of("aws_vpc_security_group_ingress_rule") {
		if r.number("from_port") <= 9000 && r.number("to_port") >= 9000 {
			let = append(let, r.Address)
		}
	}
	slices.Sort(let)
	var want []string
	for _, service := range []string{"api", "webhook", "worker"} {
		want = append(want, fmt.Sprintf(`aws_vpc_security_group_ingress_rule.tool["agent-%s-9000"]`, service))
	}
	if !slices.Equal(let, want) {
		told = append(told, fmt.Sprintf("the operators' port is open to %v", let))
	}
	return told
}

// switched holds the dead man's switch to both of its ends.
func switched(p *plan) (told []string) {
	outside := slices.ContainsFunc(p.of("aws_sns_topic_subscription"), func(r resource) bool {
		return r.Address == "aws_sns_topic_subscription.deadman[0]" && r.text("protocol") == "https" && r.text("endpoint") != ""
	})
	inside := slices.ContainsFunc(p.of("aws_cloudwatch_metric_alarm"), func(r resource) bool {
		return r.text("alarm_name") == p.name()+"-deadman" && r.text("treat_missing_data") == "breaching" && r.text("comparison_operator") == "LessThanThreshold" &&
			walk(r.get("dimensions"), "TopicName") == p.name()+"-alerts-deadman" && r.number("period")*r.number("evaluation_periods") <= 900
	})
	if !outside || !inside {
		told = append(told, "nobody hears that nothing is heard")
	}
	return told
}

// asked holds a rollout to the Alertmanager, where there is one.
func asked(p *plan) (told []string) {
	place, err := p.place()
	_, watched := p.tasks()["agent"]
	if err != nil || (place.Alerts != nil) != watched || watched && place.Alerts.Region == "" {
		told = append(told, fmt.Sprintf("the rollout is told of the alerts: %+v, %v", place.Alerts, err))
	}
	return told
}
