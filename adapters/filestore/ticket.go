package filestore

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
)

// purpose is what an address is for. It goes into the mark, so that no ticket
// serves another purpose, and keeps the mark apart from whatever else is derived
// from the same key.
type purpose string

const (
	forPut purpose = "upload address, 1"
	forGet purpose = "download address, 1"
)

// maxTicket bounds what is worth decoding.
const maxTicket = 4096

// issue makes the address that carries a ticket.
func (s *Store) issue(address string, p purpose, ticket any) (string, error) {
	if len(s.ticketKeys) == 0 || address == "" {
		return "", bug("a store without a key and an address for tickets")
	}
	body, err := json.Marshal(ticket)
	if err != nil {
		return "", bug("a ticket that cannot be written")
	}
	text := base64.RawURLEncoding.EncodeToString(body)
	return address + "?token=" + text + "." + base64.RawURLEncoding.EncodeToString(seal(s.ticketKeys[0], p, text)), nil
}

var errForged = errors.New("not ours")

// read proves a ticket and fills it in.
func (s *Store) read(p purpose, given string, ticket any) error {
	text, mark, ok := strings.Cut(given, ".")
	if !ok || len(given) > maxTicket || !s.sealed(p, text, mark) {
		return errForged
	}
	body, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, ticket)
}

func alive(expires int64) error {
	if !time.Now().Before(time.Unix(expires, 0)) {
		return errors.New("expired")
	}
	return nil
}

// sealed reports whether one of our keys made the mark.
func (s *Store) sealed(p purpose, text, mark string) bool {
	got, err := base64.RawURLEncoding.Strict().DecodeString(mark)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(s.ticketKeys, func(key []byte) bool { return hmac.Equal(got, seal(key, p, text)) })
}

// seal is the mark of a ticket under a master key.
func seal(master []byte, p purpose, text string) []byte {
	mac := hmac.New(sha256.New, master)
	mac.Write([]byte(string(p) + "\x00" + text))
	return mac.Sum(nil)
}
