package dev

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
)

const demoEmail = "demo@example.com"

// profile is what the command line tool reads to find this place.
type profile struct {
	URL      string `json:"url"`
	Email    string `json:"email"`
	Password string `json:"password"`
}

// welcome seeds the demo account and says where everything is.
func (s *site) welcome(ctx context.Context, a boot.Addresses) {
	password, err := s.seed(ctx, a.API)
	if err != nil {
		s.say("the demo account could not be made: %v", err)
	}
	s.say("")
	for _, note := range s.notes {
		s.say("  %s", note)
	}
	s.say("  API      %s   (%s/openapi.json)", a.API, a.API)
	s.say("  webhook  %s", a.Webhook)
	s.say("  account  %s / %s", demoEmail, password)
	s.say("  logs     %s", s.path("dev.log"))
	s.say("")
	s.say("Next, in another terminal:")
	s.say("  go run ./cmd/navigator upload some-policy.pdf --wait")
	s.say("  go run ./cmd/navigator search \"what is my deductible?\"")
	s.say("and as an operator: . %s, then go run ./cmd/navigator queue list", s.path("operator.env"))
	s.say("Ctrl-C stops everything.")
}

// seed makes the demo account unless it is there, and writes the profile.
func (s *site) seed(ctx context.Context, api string) (string, error) {
	password, err := s.remembered("demo.password", func() (string, error) { return rand.Text()[:16], nil })
	if err != nil {
		return "", err
	}
	body := map[string]string{"email": demoEmail, "password": password, "name": "Demo",
		"consent_version": "dev", "consent_timestamp": time.Now().UTC().Format(time.RFC3339)}
	status, err := post(ctx, api+"/auth/signup", body)
	if err != nil {
		return password, err
	}
	if status != http.StatusCreated && status != http.StatusConflict {
		return password, fmt.Errorf("sign-up answered %d", status)
	}
	text, err := json.MarshalIndent(profile{api, demoEmail, password}, "", "  ")
	if err != nil {
		return password, err
	}
	return password, os.WriteFile(s.path("navigator.json"), append(text, '\n'), 0o600)
}

func post(ctx context.Context, address string, body any) (int, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(text))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close() //nolint:errcheck // read through below
	_, err = io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<20))
	return answer.StatusCode, err
}
