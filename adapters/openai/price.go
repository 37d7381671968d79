package openai

// PricesAsOf is the day of the list below.
const PricesAsOf = "2026-08-21"

// prices is the vendor's list, in USD for a million tokens.
var prices = map[string]float64{
	"text-embedding-3-small": 0.02,
	"text-embedding-3-large": 0.13,
	"text-embedding-ada-002": 0.10,
}

// ListPrice is the vendor's list price of a model in USD for a million tokens;
// ok is false for a model that is not on the list known here.
func ListPrice(model string) (usd float64, ok bool) {
	usd, ok = prices[model]
	return usd, ok
}
