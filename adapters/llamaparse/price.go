package llamaparse

// PricesAsOf is the day of the list below.
const PricesAsOf = "2026-08-20"

// CreditUSD is what the vendor asks for one credit.
const CreditUSD = 0.00125

// credits is the vendor's list, in credits for a page.
var credits = map[string]int{
	"fast":           1,
	"cost_effective": 3,
	"agentic":        10,
	"agentic_plus":   45,
}

// PageCredits is the vendor's list price of a page in a tier, in credits; ok is
// false for a tier that is not on the list known here.
func PageCredits(tier string) (n int, ok bool) {
	n, ok = credits[tier]
	return n, ok
}
