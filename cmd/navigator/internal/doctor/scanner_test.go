package doctor_test

import (
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/clamd/clamdtest"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/doctor"
)

// The doctor tells whether files are looked at for malware, by what, and whether
// what it knows is of today.
func TestS17_TheDoctorTellsHowTheScannerStands(t *testing.T) {
	t.Parallel()
	signed := func(age time.Duration) string {
		return "ClamAV 1.4.6/27500/" + time.Now().UTC().Add(-age).Format("Mon Jan _2 15:04:05 2006")
	}
	gone := clamdtest.New(t)
	gone.Leave()
	at := func(version string) string {
		server := clamdtest.New(t)
		server.Tell(version)
		return "CLAMD_ADDRESS=" + server.Address
	}
	for name, c := range map[string]struct {
		setting string
		state   doctor.State
		detail  string
	}{
		"off":               {"LOG_LEVEL=info", doctor.Skipped, "off: CLAMD_ADDRESS is not set"},
		"off in production": {"SERVICE_MODE=PRODUCTION", doctor.Warning, "off: Files are not looked at for malware."},
		"no address":        {"CLAMD_ADDRESS=nowhere", bad, "CLAMD_ADDRESS: host:port"},
		"away":              {"CLAMD_ADDRESS=" + gone.Address, bad, "cannot be reached"},
		"signatures of now": {at(signed(26 * time.Hour)), good, "ClamAV 1.4.6, signatures 27500, 26h"},
		"old signatures":    {at(signed(9 * 24 * time.Hour)), doctor.Warning, "216h"},
		"no signatures":     {at("ClamAV 1.4.6"), doctor.Warning, "no signatures of its maker's"},
		"not the daemon":    {at("HTTP/1.1 400 Bad Request"), bad, "cannot be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checks := doctor.Local(t.Context(), []string{c.setting, "WORKER_PORT=" + free(t)}, boot.Worker, t.TempDir())
			for _, check := range checks {
				if check.Name == "malware scanner" {
					if check.State != c.state || !strings.Contains(check.Detail, c.detail) || (c.state != good && c.state != doctor.Skipped) != (check.Advice != "") {
						t.Errorf("%+v", check)
					}
					return
				}
			}
			t.Errorf("the scanner is not looked at: %+v", checks)
		})
	}
}
