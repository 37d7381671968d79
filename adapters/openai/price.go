package openai

import "github.com/insurance-navigator/navigator/core"

// Provider is the vendor's name in ledgers.
const Provider = "openai"

// The vendor's list: where and when it was read.
const (
	PricesAsOf  = "2026-08-21"
	priceSource = "https://openai.com/api/pricing/"
)

// Prices is the vendor's list, a row a model.
func Prices() []core.Price {
	row := func(model string, nano core.NanoUSD) core.Price {
		return core.Price{Provider: Provider, Item: model, Unit: "token", Nano: nano, Of: PricesAsOf, Source: priceSource}
	}
	return []core.Price{
		row("text-embedding-3-small", 20),
		row("text-embedding-3-large", 130),
		row("text-embedding-ada-002", 100),
	}
}

// PriceOf is the model's row; ok is false for a model that is not on the list
// known here.
func PriceOf(model string) (price core.Price, ok bool) {
	for _, p := range Prices() {
		if p.Item == model {
			return p, true
		}
	}
	return core.Price{Provider: Provider, Item: model, Unit: "token", Of: PricesAsOf}, false
}

// ListPrice is the vendor's list price of a model in USD for a million tokens;
// ok is false for a model that is not on the list known here.
func ListPrice(model string) (usd float64, ok bool) {
	price, ok := PriceOf(model)
	return (price.Nano * 1_000_000).USD(), ok
}
