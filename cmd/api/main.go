// Command api is the front door: documents, search and accounts over HTTP.
package main

import (
	"os"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
)

func main() { os.Exit(boot.Main(boot.API)) }
