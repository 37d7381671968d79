package supabasetest

import (
	"crypto/rand"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// session is one sign-in: its refresh tokens in the order they were made.
type session struct {
	ID      string         `json:"id"`
	User    string         `json:"user"`
	Links   []refreshToken `json:"links"`
	TurnAt  time.Time      `json:"turn_at"` // when the newest token was made
	Method  string         `json:"method"`  // how the person was known
	BeganAt time.Time      `json:"began_at"`
}

type refreshToken struct {
	Value     string    `json:"value"`
	Parent    string    `json:"parent"`
	Revoked   bool      `json:"revoked"`
	UpdatedAt time.Time `json:"updated_at"`
}

// refreshForm is the form of either version's tokens.
var refreshForm = regexp.MustCompile(`^([a-z0-9]{12}|[a-z0-9]{51})$`)

// grantRefresh trades a refresh token by the project's version of the rules.
func (s *Server) grantRefresh(c *call, token string) {
	if !refreshForm.MatchString(token) {
		c.refuse(http.StatusBadRequest, "validation_failed", "Refresh token is not valid")
		return
	}
	s.auth.mu.Lock()
	defer s.auth.mu.Unlock()
	found, at := s.auth.holder(token)
	u, known := s.auth.userByID(found.User)
	switch {
	case at < 0 || !known:
		c.refuse(http.StatusBadRequest, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found")
	case s.opts.Now().Before(u.BannedUntil):
		c.refuse(http.StatusBadRequest, "user_banned", "Invalid Refresh Token: User Banned")
	case s.auth.opts.RefreshTokens == 2:
		s.tradeByCount(c, found, u, len(found.Links)-1-at)
	default:
		s.tradeByParent(c, found, u, at)
	}
}

// tradeByParent is version 1: a token that was used gives the active one again
// where it is its parent; within the interval it makes a branch; after that
// the tokens are revoked, which is a use: for one interval more they are taken.
func (s *Server) tradeByParent(c *call, found session, u user, at int) {
	token, now := found.Links[at], s.opts.Now()
	if token.Revoked {
		if active, ok := found.active(); ok && active.Parent == token.Value {
			s.answerSession(c, found, u, active.Value)
			return
		}
		if now.Sub(token.UpdatedAt) > s.auth.opts.ReuseInterval {
			for i := range found.Links {
				if !found.Links[i].Revoked {
					found.Links[i].Revoked, found.Links[i].UpdatedAt = true, now
				}
			}
			s.replayed(c, found, u)
			return
		}
	}
	found.Links = slices.Clone(found.Links)
	found.Links[at].Revoked, found.Links[at].UpdatedAt = true, now
	c.w.Header().Set("Sb-Auth-Refresh-Token-Reuse", "false")
	s.turn(c, found, u, token.Value)
}

func (s session) active() (refreshToken, bool) {
	for _, token := range slices.Backward(s.Links) {
		if !token.Revoked {
			return token, true
		}
	}
	return refreshToken{}, false
}

// tradeByCount is version 2: age is how many tokens came after. The last but
// one gives the last again, an older one so within the interval only, and then
// ends the session.
func (s *Server) tradeByCount(c *call, found session, u user, age int) {
	switch {
	case age == 0:
		c.w.Header().Set("Sb-Auth-Refresh-Token-Reuse", "false")
		s.turn(c, found, u, found.Links[len(found.Links)-1].Value)
	case age == 1 || s.opts.Now().Sub(found.TurnAt) <= s.auth.opts.ReuseInterval:
		s.answerSession(c, found, u, found.Links[len(found.Links)-1].Value)
	default:
		delete(s.auth.state.Sessions, found.ID)
		c.w.Header().Set("Sb-Auth-Refresh-Token-Rotated", "true")
		s.replayed(c, found, u)
	}
}

func (s *Server) replayed(c *call, of session, u user) {
	_ = s.auth.keep() // the refusal stands either way
	s.nameSession(c, of, u)
	c.refuse(http.StatusBadRequest, "refresh_token_already_used", "Invalid Refresh Token: Already Used")
}

// holder finds a refresh token's session and its place there; -1 says that
// nobody holds it.
func (a *auth) holder(token string) (session, int) {
	for _, candidate := range a.state.Sessions {
		if i := slices.IndexFunc(candidate.Links, func(t refreshToken) bool { return t.Value == token }); i >= 0 {
			return candidate, i
		}
	}
	return session{}, -1
}

// turn gives the session a new refresh token and answers with it.
func (s *Server) turn(c *call, turned session, u user, parent string) {
	made, err := s.extend(turned, parent)
	if err != nil {
		c.refuse(http.StatusInternalServerError, "unexpected_failure", "")
		return
	}
	if c.shows(LostAnswer) {
		panic(http.ErrAbortHandler)
	}
	s.answerSession(c, turned, u, made)
}

// extend makes a session's next token and keeps it.
func (s *Server) extend(turned session, parent string) (string, error) {
	made := strings.ToLower(rand.Text() + rand.Text())[:51]
	if s.auth.opts.RefreshTokens != 2 {
		made = made[:12]
	}
	now := s.opts.Now()
	turned.Links = append(slices.Clone(turned.Links), refreshToken{Value: made, Parent: parent, UpdatedAt: now})
	turned.TurnAt = now
	s.auth.state.Sessions[turned.ID] = turned
	return made, s.auth.keep()
}
