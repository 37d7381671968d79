package boot

import (
	"fmt"

	"github.com/insurance-navigator/navigator/adapters/llamaparse"
	"github.com/insurance-navigator/navigator/adapters/openai"
)

// Cost is what one document would cost at the vendors' list prices.
type Cost struct {
	Items []CostItem
	USD   float64 // of all
}

// CostItem is one vendor's part, reckoned before their eyes.
type CostItem struct {
	Text string // how it is reckoned, with the day of the price list
	USD  float64
}

func (c *Cost) add(usd float64, format string, args ...any) {
	c.Items = append(c.Items, CostItem{Text: fmt.Sprintf(format, args...), USD: usd})
	c.USD += usd
}

// Cost reckons a document of so many pages whose text has so many tokens. What
// the chunks repeat of each other is added.
func (c Config) Cost(pages, tokens int) (Cost, error) {
	var cost Cost
	if c.Parser == "llamaparse" {
		credits, ok := llamaparse.PageCredits(c.LlamaTier)
		if !ok {
			return cost, fmt.Errorf("the price of LLAMAPARSE_TIER %q is not known", c.LlamaTier)
		}
		cost.add(float64(pages*credits)*llamaparse.CreditUSD, "LlamaParse, %s: %d pages x %d credits x $%g (price list of %s)",
			c.LlamaTier, pages, credits, llamaparse.CreditUSD, llamaparse.PricesAsOf)
	} else {
		cost.add(0, "%s: reads the file itself", c.Parser)
	}
	price, err := c.embedPrice(c.OpenAIModel)
	if err != nil {
		return cost, err
	}
	tokens = tokens * c.ChunkTokens / (c.ChunkTokens - c.ChunkOverlap)
	cost.add(float64(tokens)*price/1e6, "OpenAI, %s: about %d tokens x $%g a million (price list of %s)",
		c.OpenAIModel, tokens, price, openai.PricesAsOf)
	return cost, nil
}

// embedPrice is USD for a million tokens: the operator's own, or the vendor's.
func (c Config) embedPrice(model string) (float64, error) {
	if c.ReembedPrice > 0 {
		return c.ReembedPrice, nil
	}
	price, ok := openai.ListPrice(model)
	if !ok {
		return 0, fmt.Errorf("the price of %q is not known: set REEMBED_PRICE to USD for a million tokens", model)
	}
	return price, nil
}
