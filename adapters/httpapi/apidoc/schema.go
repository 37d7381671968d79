package apidoc

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

const schemaPrefix = "#/components/schemas/"

func nameOf(s *huma.Schema) string { return strings.TrimPrefix(s.Ref, schemaPrefix) }

// resolve follows a reference to its schema.
func (r *renderer) resolve(s *huma.Schema) *huma.Schema {
	if s != nil && s.Ref != "" {
		return r.schemas[nameOf(s)]
	}
	return s
}

// shapes is the named schemas.
func (r *renderer) shapes() (all []shape) {
	for _, name := range slices.Sorted(maps.Keys(r.schemas)) {
		one := shape{Name: name, Rows: r.rows(r.schemas[name])}
		for _, word := range r.schemas[name].Enum {
			one.Words = append(one.Words, plain(word))
		}
		all = append(all, one)
	}
	return all
}

// rows is a schema's fields, the required ones first. Fields of objects that
// have no name of their own are shown beneath them.
func (r *renderer) rows(s *huma.Schema) []row { return r.fields(r.resolve(s), "") }

func (r *renderer) fields(s *huma.Schema, prefix string) (all []row) {
	if s == nil {
		return nil
	}
	names := slices.SortedFunc(maps.Keys(s.Properties), func(a, b string) int {
		if x, y := slices.Contains(s.Required, a), slices.Contains(s.Required, b); x != y {
			if x {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	for _, name := range names {
		property := s.Properties[name]
		one := row{Name: prefix + name, Type: r.kind(property), Schema: named(property), Required: slices.Contains(s.Required, name)}
		one.About = r.markdown(property.Description)
		if len(property.Examples) > 0 {
			one.Example = plain(property.Examples[0])
		}
		all = append(all, one)
		all = append(all, r.fields(property, one.Name+".")...)
	}
	return all
}

// named is the schema that a value or each of its items refers to.
func named(s *huma.Schema) string {
	if s.Items != nil {
		return nameOf(s.Items)
	}
	return nameOf(s)
}

// manyWords is from where on a closed set of words is left to the document.
const manyWords = 20

// kind says in words what a value may be: its type, its format, its bounds.
func (r *renderer) kind(s *huma.Schema) string {
	var words []string
	switch {
	case s.Ref != "":
		words = append(words, nameOf(s))
	case s.Type == huma.TypeArray && s.Items != nil:
		words = append(words, "list of "+r.kind(s.Items))
	case len(s.OneOf) > 0 || len(s.AnyOf) > 0:
		for _, one := range append(slices.Clone(s.OneOf), s.AnyOf...) {
			words = append(words, r.kind(one))
		}
		return strings.Join(words, " or ")
	default:
		words = append(words, typeWords(s))
	}
	words = append(words, bounds(s)...)
	if s.Nullable {
		words = append(words, "or null")
	}
	return strings.Join(words, ", ")
}

func typeWords(s *huma.Schema) string {
	if inner, is := s.AdditionalProperties.(*huma.Schema); is && s.Type == huma.TypeObject {
		return "object of " + typeWords(inner) + " by name"
	}
	switch s.Format {
	case "binary":
		return "file"
	case "uuid", "date-time", "email", "uri":
		return s.Format
	}
	return s.Type
}

func bounds(s *huma.Schema) (words []string) {
	number := func(name string, value *float64) {
		if value != nil {
			words = append(words, fmt.Sprintf("%s %g", name, *value))
		}
	}
	count := func(name, unit string, value *int) {
		if value != nil {
			words = append(words, fmt.Sprintf("%s %d %s", name, *value, unit))
		}
	}
	number("at least", s.Minimum)
	number("at most", s.Maximum)
	count("at least", "characters", s.MinLength)
	count("at most", "characters", s.MaxLength)
	count("at least", "items", s.MinItems)
	count("at most", "items", s.MaxItems)
	if len(s.Enum) > manyWords {
		words = append(words, fmt.Sprintf("one of %d words, listed in the OpenAPI document", len(s.Enum)))
	} else if len(s.Enum) > 0 {
		values := make([]string, len(s.Enum))
		for i, value := range s.Enum {
			values[i] = plain(value)
		}
		words = append(words, "one of "+strings.Join(values, " | "))
	}
	return words
}

// plain writes a value as a person would type it.
func plain(value any) string {
	if text, is := value.(string); is {
		return text
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(raw)
}
