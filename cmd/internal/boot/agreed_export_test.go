package boot

import (
	"context"
	"io"
	"log/slog"

	"github.com/insurance-navigator/navigator/ports"
)

type openIntake struct{}

func (openIntake) Open(context.Context) error { return nil }

// Agreed is what PRODUCTION's uploads pass.
func Agreed(log io.Writer, confirmed bool) ports.Intake {
	c := Defaults()
	c.Mode, c.BAAConfirmed = Production, confirmed
	return c.intake(openIntake{}, slog.New(slog.NewTextHandler(log, nil)))
}
