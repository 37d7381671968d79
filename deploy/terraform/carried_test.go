package terraform_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// checkedBy has a program judge a file of the plan; it skips where that is not.
func checkedBy(t *testing.T, text, program string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		// Only root can install it; CI does. The policies over the same plan, in Go, run
		// without it.
		t.Skip(program + " is not installed here: what the plan carries is NOT checked by it (Debian packages prometheus, prometheus-alertmanager)")
	}
	at := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), program, append(args, at)...).CombinedOutput(); err != nil { //nolint:gosec // tools of ours
		t.Errorf("%s: %v\n%s", program, err, out)
	}
}

// What the plan carries to the agent is what Prometheus' own tool takes.
func TestTheAgentsFileOfThePlanIsGood(t *testing.T) {
	t.Parallel()
	text, _ := read(t, "options").Outputs["agent"].After.(string)
	checkedBy(t, strings.ReplaceAll(text, "WORKSPACE", "https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-1/"), "promtool", "check", "config", "--agent")
}

// The Alertmanager that Loki tells has the tree with the same topics.
func TestTheAlertmanagersFileOfThePlanIsGood(t *testing.T) {
	t.Parallel()
	p := read(t, "options")
	files := p.carried("alertmanager")
	messages := filepath.Join(t.TempDir(), "messages.tmpl")
	if err := os.WriteFile(messages, []byte(files["messages.tmpl"]), 0o600); err != nil {
		t.Fatal(err)
	}
	text := files["alertmanager.yaml"]
	if !strings.Contains(text, "/etc/alertmanager/messages.tmpl") || !strings.Contains(text, ":navigator-production-alerts-security") {
		t.Errorf("no messages, or no topics: %s", text)
	}
	checkedBy(t, strings.ReplaceAll(text, "/etc/alertmanager/messages.tmpl", messages), "amtool", "check-config")
}

// fetch runs what a tool's first container runs, in folders of the test, with a
// command line of AWS that copies; it gives the folder of the configuration and
// that of temporary files.
func fetch(t *testing.T, first container, files map[string]string) (config, tmp string, err error) {
	t.Helper()
	dir := t.TempDir()
	config, tmp, bucket, bin := filepath.Join(dir, "config"), filepath.Join(dir, "tmp"), filepath.Join(dir, "bucket"), filepath.Join(dir, "bin")
	for name, text := range files {
		at := filepath.Join(bucket, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, folder := range []string{config, tmp, bin} {
		if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // as Fargate makes it
			t.Fatal(err)
		}
	}
	stand := "#!/bin/sh\n[ \"$1 $2 $3 $4\" = \"s3 sync --only-show-errors $CONFIG_SOURCE\" ] && cp -R '" + bucket + "/.' \"$5\"\n"
	if err := os.WriteFile(filepath.Join(bin, "aws"), []byte(stand), 0o700); err != nil { //nolint:gosec // it is run
		t.Fatal(err)
	}
	script := strings.NewReplacer("/config", config, " /tmp", " "+tmp).Replace(first.Command[0])
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", script) //nolint:gosec // of this tree
	cmd.Env = []string{"PATH=" + bin + ":/usr/bin:/bin"}
	for _, setting := range first.Environment {
		cmd.Env = append(cmd.Env, setting.Name+"="+setting.Value)
	}
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	return config, tmp, err
}

// What the first container does leaves the files for the program to read, and a
// folder that it may write to; configuration of another version starts nothing.
func TestTheFirstContainerFetchesWhatIsNamed(t *testing.T) {
	t.Parallel()
	p := read(t, "options")
	first, files := p.tasks()["config-loki"], p.carried("loki")
	config, tmp, err := fetch(t, first, files)
	if err != nil {
		t.Fatal(err)
	}
	rules := filepath.Join(config, "rules", "fake", "alerts.yaml")
	info, err := os.Stat(rules)
	if err != nil || info.Mode().Perm()&0o044 != 0o044 {
		t.Errorf("nobody else reads the rules: %v", err)
	}
	if folder, err := os.Stat(filepath.Dir(rules)); err != nil || folder.Mode().Perm()&0o011 != 0o011 {
		t.Errorf("nobody else enters their folder: %v", err)
	}
	if folder, err := os.Stat(tmp); err != nil || folder.Mode().Perm() != 0o777 || folder.Mode()&os.ModeSticky == 0 {
		t.Errorf("the program cannot write to /tmp: %v", err)
	}
	files["complete"] = "another"
	if _, _, err := fetch(t, first, files); err == nil {
		t.Error("configuration of another version is taken")
	}
	delete(files, "complete")
	if _, _, err := fetch(t, first, files); err == nil {
		t.Error("half a configuration is taken")
	}
}
