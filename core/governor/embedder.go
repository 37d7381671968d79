package governor

import (
	"context"

	"github.com/insurance-navigator/navigator/core"
)

// Embedder is an embedder whose calls are paid for under a guard. Who pays is
// the context's core.Payer.
type Embedder struct {
	Guard    Guard
	Provider string
	Account  string
	Price    core.Price // of a token
	Next     interface {
		Embed(ctx context.Context, texts []string) (core.Embedding, error)
	}
}

// Embed is ports.Embedder's, with the guard's own errors beside.
func (e Embedder) Embed(ctx context.Context, texts []string) (answer core.Embedding, err error) {
	payer := core.PayerOf(ctx)
	call := core.Call{Provider: e.Provider, Account: e.Account, Payer: payer, Tokens: int64(payer.Tokens), Price: e.Price.Version()}
	if call.Tokens == 0 {
		call.Tokens = TokensOf(texts...)
	}
	call.Cost = e.Price.Nano * core.NanoUSD(call.Tokens)
	err = e.Guard.Call(ctx, call, func(ctx context.Context) (core.Bill, error) {
		answer, err = e.Next.Embed(ctx, texts)
		tokens := int64(answer.Tokens)
		return core.Bill{State: core.BillCharged, Tokens: tokens, Cost: e.Price.Nano * core.NanoUSD(tokens), Room: answer.Room}, err
	})
	return answer, err
}

// bytesPerToken of English prose is 4.7 and more by the vendor's own count;
// tables and numbers have less.
const bytesPerToken = 4

// TokensOf estimates how many tokens texts have.
func TokensOf(texts ...string) (n int64) {
	for _, text := range texts {
		n += int64(len(text)/bytesPerToken) + 1
	}
	return n
}
