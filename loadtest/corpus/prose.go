package corpus

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

var (
	proseNouns  = strings.Fields("deductible copayment premium provider network referral hospital formulary benefit claim appeal member policy coverage exclusion rider schedule dependent enrollment limit")
	proseVerbs  = strings.Fields("covers excludes requires reimburses limits defines amends waives replaces extends")
	proseFrames = []string{"The %s %s each %s after %d days, unless the %s states otherwise. ", "Under section %[4]d the %[1]s %[2]s the %[3]s and any %[5]s of the same year. ",
		"A %s that %s a %s of $%d is charged to the %s. "}
)

// Prose is a page of markdown, of size bytes or a little more, that reads like
// a policy. Two pages of one source are not alike, so that no vector is taken
// from another chunk.
func Prose(source *rand.Rand, number, size int) string {
	var text strings.Builder
	fmt.Fprintf(&text, "# Part %d\n\n", number)
	pick := func(list []string) string { return list[source.IntN(len(list))] }
	for text.Len() < size {
		for range 4 {
			fmt.Fprintf(&text, pick(proseFrames), pick(proseNouns), pick(proseVerbs), pick(proseNouns), source.IntN(100_000), pick(proseNouns))
		}
		text.WriteString("\n\n")
	}
	return text.String()
}
