package main

import (
	"time"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/session"
)

// link is the way to one deployment, and the session there.
type link struct {
	*client.Client
	keeper *session.Keeper
}

// connect finds the deployment and makes a client of it. Nothing is sent yet.
func (w *world) connect(g *globals) (*link, error) {
	place, err := session.Settle(g.URL, w.dir, w.config)
	if err != nil {
		return nil, err
	}
	options := client.Options{Pause: w.pause, Again: w.again}
	door, err := client.New(place.URL, options)
	if err != nil {
		return nil, err
	}
	if door.Exposed() {
		w.screen.Note("warning: %s is not https: what is sent can be read on its way", door.URL())
	}
	keeper := session.New(place, door)
	options.Tokens = keeper
	if g.Token != "" {
		options.Tokens = session.Fixed(g.Token)
	}
	way, err := client.New(place.URL, options)
	if err != nil {
		return nil, err
	}
	return &link{Client: way, keeper: keeper}, nil
}

// again tells a person why nothing happens; short waits need no words.
func (w *world) again(wait time.Duration) {
	if wait >= 2*time.Second {
		w.screen.Note("the service is busy: trying again in %s", wait.Round(time.Second))
	}
}
