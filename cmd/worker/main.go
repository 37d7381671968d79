// Command worker is the line: it works the jobs of every stage.
package main

import (
	"os"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
)

func main() { os.Exit(boot.Main(boot.Worker)) }
