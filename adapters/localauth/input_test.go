package localauth_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/adapters/localauth"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

func TestPsec_WeakPasswordsAreRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	for _, weak := range []string{
		"", "short", "elevenchars", "aaaaaaaaaaaaaaaa", "abababababababab", "abcabcabcabcabc", "123456789012", "abcdefghijklmnop",
		"qwertyuiop[]12", "zyxwvutsrqponm", "password1234", "P@ssw0rd1234", "Password!!!!2026", "1234passwort!", "passwordpassword",
		"welcome2026!!!", "Insurance2026!", "InsuranceNavigator", "correct horse battery staple", "CorrectHorseBatteryStaple",
		"thisismypassword", "changeme123456", "iloveyouforever", "1qaz2wsx3edc4rfv", "qwerty123456", "q1w2e3r4t5y6", "summer-winter-2026",
		"summerdragon99", "navigator 2026!", "insurance-navigator", "!!trustno1!!!!!", "123charlie123!!", "buster-2026-buster", "ada@navigator.example", "navigator.example1", "LovelaceLovelace", "Lovelace123456",
	} {
		_, err := h.SignUp(t.Context(), ports.SignUp{Email: email, Password: weak, Name: "Ada Lovelace"})
		if !core.HasCode(err, core.CodeWeakPassword) {
			t.Errorf("%q: %v, want weak_password", weak, err)
		}
	}
	if n := h.count(`select count(*) from local_auth.accounts`); n != 0 {
		t.Errorf("%d accounts made with weak passwords", n)
	}
}

func TestPsec_GoodPasswordsOfAnyCompositionAreTaken(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	for i, good := range []string{
		"wobbly teapot orchestra", "tangerineglacier", "XkQ7vPz2mWbT", "пароль из четырёх слов", "蛙飛び込む水の音古池や静か", strings.Repeat("vexing quilt ", 5) + "jumped",
	} {
		_, err := h.SignUp(t.Context(), ports.SignUp{Email: fmt.Sprintf("p%d@navigator.example", i), Password: good, Name: "Ada Lovelace"})
		if err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
}

func TestPsec_MinimumIsConfigured(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{MinPassword: 15})
	_, err := h.SignUp(t.Context(), ports.SignUp{Email: email, Password: "XkQ7vPz2mWbT.z"})
	wantCode(t, err, core.CodeWeakPassword)
	if _, err = h.SignUp(t.Context(), ports.SignUp{Email: email, Password: "XkQ7vPz2mWbT.zr"}); err != nil {
		t.Error(err)
	}
}

func TestSignUpRefusesBadInput(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	good := ports.SignUp{Email: email, Password: password}
	bad := map[string]func(*ports.SignUp){
		"no password's end": func(s *ports.SignUp) { s.Password = strings.Repeat("wobbly ", 11) },
		"password encoding": func(s *ports.SignUp) { s.Password = password + "\xff" },
		"password with nul": func(s *ports.SignUp) { s.Password = password + "\x00" },
		"long name":         func(s *ports.SignUp) { s.Name = strings.Repeat("n", 201) },
		"name encoding":     func(s *ports.SignUp) { s.Name = "\xc3\x28" },
		"name with nul":     func(s *ports.SignUp) { s.Name = "A\x00da" },
		"long consent":      func(s *ports.SignUp) { s.ConsentVersion = strings.Repeat("v", 257) },
		"consent with nul":  func(s *ports.SignUp) { s.ConsentTimestamp = "\x00" },
	}
	for i, address := range []string{
		"", "ada", "@navigator.example", "ada@", "ada@@navigator.example", "Ada <ada@navigator.example>", "a@b, c@d", `"a b"@navigator.example`,
		"ada@[127.0.0.1]", "a\u200bda@navigator.example", "ada@navi\ngator.example", "ada @navigator.example", "\xff@navigator.example",
		strings.Repeat("a", 65) + "@navigator.example", "ada@" + strings.Repeat("navigator.", 25) + "example", "a\x00@navigator.example", "ada@navigator.example (x)",
	} {
		bad[fmt.Sprintf("address %d", i)] = func(s *ports.SignUp) { s.Email = address }
	}
	for name, spoil := range bad {
		s := good
		spoil(&s)
		_, err := h.SignUp(t.Context(), s)
		if !core.HasCode(err, core.CodeInvalid) {
			t.Errorf("%s: %v, want invalid_request", name, err)
		}
	}
	if _, err := h.SignUp(t.Context(), good); err != nil {
		t.Errorf("the good one: %v", err)
	}
}
