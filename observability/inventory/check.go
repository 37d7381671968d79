package inventory

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Inventory is what may be asked for.
type Inventory struct{ families map[string]Family }

// New holds Families and the records of rules, whose labels are not known: a
// record is a name with a colon.
func New(records ...string) Inventory {
	i := Inventory{Families()}
	for _, name := range records {
		i.families[name] = Family{Name: name, From: "rules"}
	}
	return i
}

// parts are the endings of the series of a histogram.
var parts = []string{"_bucket", "_count", "_sum"}

// Find is the family that a series belongs to.
func (i Inventory) Find(series string) (Family, bool) {
	if f, ok := i.families[series]; ok {
		return f, true
	}
	for _, part := range parts {
		if base, cut := strings.CutSuffix(series, part); cut {
			f, ok := i.families[base]
			return f, ok
		}
	}
	return Family{}, false
}

// Check reports each series and label of an expression that nobody tells, all
// at once. Labels of a record are not held to anything.
func (i Inventory) Check(expr string) error {
	uses, err := Uses(expr)
	if err != nil {
		return err
	}
	var faults []error
	known, free := slices.Concat(Target, []string{"le", "alertname"}), false
	for _, use := range uses {
		f, ok := i.Find(use.Name)
		switch {
		case use.Name == "":
		case !ok:
			faults = append(faults, fmt.Errorf("nobody tells %s", use.Name))
		case f.From == "rules":
			free = true
		default:
			known = append(known, f.Labels...)
			faults = append(faults, strangers(use, slices.Concat(Target, f.Labels, []string{"le"})))
		}
	}
	for _, use := range uses {
		if use.Name == "" && !free {
			faults = append(faults, strangers(use, known))
		}
	}
	return errors.Join(faults...)
}

func strangers(use Use, known []string) error {
	for _, label := range use.Labels {
		if !slices.Contains(known, label) {
			return fmt.Errorf("no label %s at %q", label, use.Name)
		}
	}
	return nil
}
