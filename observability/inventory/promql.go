package inventory

import (
	"fmt"
	"slices"
	"strings"
)

// Use is one selector of an expression, or one grouping.
type Use struct {
	Name   string   // of the series; empty for a grouping
	Labels []string // that it selects or groups by
	Range  string   // what stands in its brackets
}

// words are no names of series: operators, and aggregations, which a grouping
// may follow before their parentheses.
var words = []string{
	"and", "or", "unless", "atan2", "bool", "offset", "inf", "nan", "start", "end",
	"sum", "min", "max", "avg", "count", "group", "stddev", "stdvar", "topk", "bottomk", "quantile", "count_values",
}

// groupings are followed by labels in parentheses.
var groupings = []string{"by", "without", "on", "ignoring", "group_left", "group_right"}

// Uses lists what an expression in PromQL asks for, in its order. A variable of
// a panel, such as $env, counts as a value.
func Uses(expr string) ([]Use, error) {
	s := &scanner{text: expr}
	for s.at < len(s.text) {
		if err := s.step(); err != nil {
			return nil, fmt.Errorf("%w in %q", err, expr)
		}
	}
	return s.uses, nil
}

type scanner struct {
	text string
	at   int
	uses []Use
}

func (s *scanner) step() error {
	c := s.text[s.at]
	switch {
	case strings.ContainsRune("\"'`", rune(c)):
		_, err := s.quoted()
		return err
	case c == '{':
		return s.selector("")
	case c == '#':
		s.skip(func(c byte) bool { return c != '\n' })
	case c == '$', c >= '0' && c <= '9':
		s.at++
		s.skip(named)
	case named(c):
		return s.word(s.take(named))
	default:
		s.at++
	}
	return nil
}

// word is a name, a function or a keyword.
func (s *scanner) word(word string) error {
	s.skip(space)
	switch lower := strings.ToLower(word); {
	case slices.Contains(groupings, lower):
		return s.grouping()
	case slices.Contains(words, lower), s.next() == '(':
		return nil
	case s.next() == '{':
		return s.selector(word)
	}
	s.uses = append(s.uses, Use{Name: word, Range: s.brackets()})
	return nil
}

func (s *scanner) grouping() error {
	if s.next() != '(' {
		return nil // group_left may stand alone
	}
	inside, _, ok := strings.Cut(s.text[s.at+1:], ")")
	if !ok {
		return fmt.Errorf("a parenthesis that does not end")
	}
	s.at += len(inside) + 2
	use := Use{}
	for label := range strings.SplitSeq(inside, ",") {
		if label = strings.TrimSpace(label); label != "" {
			use.Labels = append(use.Labels, label)
		}
	}
	s.uses = append(s.uses, use)
	return nil
}

// selector reads label matchers; a matcher of __name__ by = gives the name.
func (s *scanner) selector(name string) error {
	use := Use{Name: name}
	s.at++
	for s.next() != '}' {
		s.skip(func(c byte) bool { return space(c) || c == ',' })
		if s.next() == '}' {
			break
		}
		label := s.take(named)
		s.skip(space)
		operator := s.take(func(c byte) bool { return strings.ContainsRune("=!~", rune(c)) })
		s.skip(space)
		value, err := s.quoted()
		if err != nil || label == "" || operator == "" {
			return fmt.Errorf("a selector that cannot be read")
		}
		if label == "__name__" && operator == "=" {
			use.Name = value
			continue
		}
		use.Labels = append(use.Labels, label)
	}
	s.at++
	s.skip(space)
	use.Range = s.brackets()
	s.uses = append(s.uses, use)
	return nil
}

func (s *scanner) brackets() string {
	if s.next() != '[' {
		return ""
	}
	inside, _, _ := strings.Cut(s.text[s.at+1:], "]")
	s.at = min(s.at+len(inside)+2, len(s.text))
	return inside
}

func (s *scanner) quoted() (string, error) {
	quote := s.next()
	if quote == 0 || !strings.ContainsRune("\"'`", rune(quote)) {
		return "", fmt.Errorf("a value without quotes")
	}
	for end := s.at + 1; end < len(s.text); end++ {
		switch {
		case s.text[end] == '\\' && quote != '`':
			end++
		case s.text[end] == quote:
			value := s.text[s.at+1 : end]
			s.at = end + 1
			return value, nil
		}
	}
	return "", fmt.Errorf("a quote that does not end")
}

// next is the present byte; 0 at the end.
func (s *scanner) next() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

func (s *scanner) skip(while func(byte) bool) { s.take(while) }

func (s *scanner) take(while func(byte) bool) string {
	begin := s.at
	for s.at < len(s.text) && while(s.text[s.at]) {
		s.at++
	}
	return s.text[begin:s.at]
}

func space(c byte) bool { return strings.ContainsRune(" \t\r\n", rune(c)) }

func named(c byte) bool {
	return c == '_' || c == ':' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
