package dev

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/insurance-navigator/navigator/adapters/llamaparse/llamaparsetest"
	"github.com/insurance-navigator/navigator/adapters/localauth"
	"github.com/insurance-navigator/navigator/adapters/openai/openaitest"
	"github.com/insurance-navigator/navigator/adapters/pdftext"
	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/adapters/tiktoken"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
)

// keys makes the secrets that are ours alone, and remembers them.
func (s *site) keys(config *boot.Config) error {
	if !config.SigningKey.Set() {
		pem, err := s.remembered("signing.pem", localauth.GenerateKey)
		if err != nil {
			return err
		}
		config.SigningKey = boot.Secret(pem)
	}
	if !config.WebhookKey.Set() {
		key, err := s.remembered("webhook.key", func() (string, error) { return rand.Text() + rand.Text(), nil })
		if err != nil {
			return err
		}
		config.WebhookKey = boot.Secret(key)
	}
	if config.WebhookURL == "" {
		config.WebhookURL = fmt.Sprintf("http://127.0.0.1:%d", config.WebhookPort)
	}
	return nil
}

// outside starts a fake for each service that has no key. The production
// adapters talk to it over HTTP; there is no second way through the code.
func (s *site) outside(ctx context.Context, config *boot.Config) error {
	if err := s.storage(config); err != nil {
		return err
	}
	if err := s.embeddings(config); err != nil {
		return err
	}
	return s.parser(ctx, config)
}

const fakeKey = "dev-key"

func (s *site) storage(config *boot.Config) error {
	if config.StorageProvider != "supabase" || config.SupabaseService.Set() {
		s.notes = append(s.notes, "storage: "+config.StorageProvider)
		return nil
	}
	fake, err := supabasetest.New(supabasetest.Options{Dir: s.path("storage")})
	if err != nil {
		return fmt.Errorf("the fake storage: %w", err)
	}
	address, err := s.fake("supabase", fake)
	if err != nil {
		return err
	}
	config.SupabaseURL, config.SupabaseService = address, supabasetest.DefaultSecretKey
	s.notes = append(s.notes, "storage: fake Supabase at "+address+", files under "+s.path("storage"))
	return nil
}

func (s *site) embeddings(config *boot.Config) error {
	if config.OpenAIKey.Set() {
		s.notes = append(s.notes, "embeddings: "+config.OpenAIURL)
		return nil
	}
	counter, err := tiktoken.New()
	if err != nil {
		return err
	}
	fake, err := openaitest.New(openaitest.Options{Counter: counter, Key: fakeKey})
	if err != nil {
		return fmt.Errorf("the fake embedder: %w", err)
	}
	address, err := s.fake("openai", fake)
	if err != nil {
		return err
	}
	config.OpenAIURL, config.OpenAIKey = address+"/v1", fakeKey
	s.notes = append(s.notes, "embeddings: fake OpenAI at "+address+" (vectors of hashed words, no meaning beyond them)")
	return nil
}

func (s *site) parser(ctx context.Context, config *boot.Config) error {
	if config.Parser != "llamaparse" || config.LlamaKey.Set() {
		s.notes = append(s.notes, "parser: "+config.Parser)
		return nil
	}
	if config.PDFium == "" {
		config.PDFium = pdftext.DefaultPath()
	}
	if config.PDFiumCache == "" {
		config.PDFiumCache = s.path("pdfium-cache")
	}
	engine, err := pdftext.Load(ctx, config.PDFium, pdftext.WithCache(config.PDFiumCache))
	if err != nil {
		return err
	}
	fake := llamaparsetest.New(llamaparsetest.Options{Extractor: engine, Key: fakeKey, AllowLoopback: true, Delay: 300 * time.Millisecond})
	s.closers = append(s.closers, fake.Close)
	address, err := s.fake("llamaparse", fake)
	if err != nil {
		return err
	}
	config.LlamaURL, config.LlamaKey = address, fakeKey
	s.notes = append(s.notes, "parser: fake LlamaParse at "+address+" (reads the PDF itself and calls the webhook)")
	return nil
}

// fake serves a fake on a loopback port, the same one at every start so that
// other processes of this place agree on it.
func (s *site) fake(name string, handler http.Handler) (string, error) {
	listener, err := s.listen(name)
	if err != nil {
		return "", fmt.Errorf("a loopback port for the fake %s: %w", name, err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(listener) //nolint:errcheck // it ends when closed
	s.closers = append(s.closers, func() { _ = server.Close() })
	return "http://" + listener.Addr().String(), nil
}

// listen takes the port of the last run where it is still free.
func (s *site) listen(name string) (net.Listener, error) {
	var listener net.Listener
	address, err := s.remembered(name+".address", func() (string, error) {
		first, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // binding a loopback port does not wait
		if err != nil {
			return "", err
		}
		listener = first
		return first.Addr().String(), nil
	})
	if err != nil || listener != nil {
		return listener, err
	}
	if listener, err = net.Listen("tcp", address); err == nil { //nolint:noctx // as above
		return listener, nil
	}
	return net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // as above
}
