package supabasetest

import (
	"context"
	"fmt"
	"net/http"
	"strings"
)

// mostRedirects bounds a browser's way back.
const mostRedirects = 5

// CodeAt leads a browser to an address, through every redirect to a page that
// begins with home, and answers the code that it brings there.
func CodeAt(ctx context.Context, address, home string) (code string, err error) {
	for range mostRedirects {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return "", err
		}
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			return "", err
		}
		_ = resp.Body.Close()
		next, err := resp.Location()
		if err != nil {
			return "", fmt.Errorf("a browser stays at %s: %w", address, err)
		}
		if address = next.String(); strings.HasPrefix(address, home) {
			return next.Query().Get("code"), nil
		}
	}
	return "", fmt.Errorf("a browser never came back: it is at %s", address)
}
