package llamaparse

import "github.com/insurance-navigator/navigator/core"

// Provider is the vendor's name in ledgers.
const Provider = "llamaparse"

// CreditUSD is what the vendor asks for one credit.
const CreditUSD = 0.00125

const creditPrice = core.NanoUSD(CreditUSD * 1e9)

// The vendor's list: where and when it was read.
const (
	PricesAsOf  = "2026-08-20"
	priceSource = "https://www.llamaindex.ai/pricing"
)

// Prices is the vendor's list, a row a tier.
func Prices() []core.Price {
	row := func(tier string, credits float64) core.Price {
		return core.Price{Provider: Provider, Item: tier, Unit: "page", Nano: core.NanoUSD(credits) * creditPrice, Credits: credits,
			Of: PricesAsOf, Source: priceSource}
	}
	return []core.Price{row(TierFast, 1), row(TierCostEffective, 3), row(TierAgentic, 10), row(TierAgenticPlus, 45)}
}

// PriceOf is the tier's row; ok is false for a tier that is not on the list
// known here.
func PriceOf(tier string) (price core.Price, ok bool) {
	for _, p := range Prices() {
		if p.Item == tier {
			return p, true
		}
	}
	return core.Price{}, false
}

// PageCredits is the vendor's list price of a page in a tier, in credits; ok is
// false for a tier that is not on the list known here.
func PageCredits(tier string) (n int, ok bool) {
	price, ok := PriceOf(tier)
	return int(price.Credits), ok
}
