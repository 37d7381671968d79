package main

import (
	"github.com/alecthomas/kong"
	kongcompletion "github.com/jotaen/kong-completion"
	"github.com/posener/complete"

	"github.com/insurance-navigator/navigator/core"
)

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Help is shown behind the flags.
func (completionCommand) Help() string {
	return `Examples:
  source <(navigator completion bash)          # in ~/.bashrc
  source <(navigator completion zsh)           # in ~/.zshrc
  navigator completion fish | source           # in ~/.config/fish/config.fish`
}

// Run writes the shell's code.
func (c *completionCommand) Run(parsed *kong.Context) error {
	return (&kongcompletion.Completion{Shell: c.Shell, Code: true}).Run(parsed)
}

// completes answers the shell where it asks what could be typed next; the
// process ends with that.
func completes(parser *kong.Kong) {
	var statuses []string
	for _, status := range core.Statuses() {
		statuses = append(statuses, string(status))
	}
	kongcompletion.Register(parser,
		kongcompletion.WithPredictor("file", complete.PredictFiles("*")),
		kongcompletion.WithPredictor("status", complete.PredictSet(statuses...)))
}
