package session

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
)

// DefaultURL is where make dev serves unless told otherwise.
const DefaultURL = "http://127.0.0.1:8000"

// Place is one deployment, and where its session is kept.
type Place struct {
	URL     string
	File    string   // of sessions, by address
	Profile *Profile // the account that make dev made; nil for other deployments
}

// Settle decides which deployment is meant. A given address, "" for none, goes
// before the profile found from dir upwards. config is the user's configuration
// folder, "" where there is none.
func Settle(address, dir, config string) (Place, error) {
	profile, folder, err := FindProfile(dir)
	if err != nil && address == "" {
		return Place{}, err
	}
	if address == "" {
		address = DefaultURL
		if profile != nil {
			address = profile.URL
		}
	}
	base, _, err := client.Address(address)
	if err != nil {
		return Place{}, err
	}
	if profile != nil && profile.URL == base {
		return Place{URL: base, File: filepath.Join(folder, sessionName), Profile: profile}, nil
	}
	if config == "" {
		return Place{URL: base}, nil
	}
	return Place{URL: base, File: filepath.Join(config, "navigator", sessionName)}, nil
}

// errNowhere says that a session cannot be kept.
var errNowhere = errors.New("there is no folder to keep the session in: set HOME, or pass --token")

func (p Place) folder() (string, error) {
	if p.File == "" {
		return "", errNowhere
	}
	folder := filepath.Dir(p.File)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", errors.New(folder + " cannot be made")
	}
	return folder, nil
}
