// Command webhook is the back door: it takes the parser callbacks.
package main

import (
	"os"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
)

func main() { os.Exit(boot.Main(boot.Webhook)) }
