package core

import (
	"context"
	"time"
)

// PaidKind is what a paid call is for.
type PaidKind string

// The kinds of paid calls.
const (
	PaidParse   PaidKind = "parse"   // one document at the parser
	PaidEmbed   PaidKind = "embed"   // one batch of a document under way
	PaidReembed PaidKind = "reembed" // one batch of a complete document, for another generation
	PaidSearch  PaidKind = "search"  // one question
	PaidProbe   PaidKind = "probe"   // an operator's try of a model
)

// PaidKinds lists them.
func PaidKinds() []PaidKind {
	return []PaidKind{PaidParse, PaidEmbed, PaidReembed, PaidSearch, PaidProbe}
}

// Lane is how urgent a document is among all that wait.
type Lane string

// The lanes. An owner's first few documents are interactive: somebody waits.
const (
	Interactive Lane = "interactive"
	Bulk        Lane = "bulk"
)

// Payer is whom a paid call is for: ids alone. A zero User is the operator.
type Payer struct {
	Kind     PaidKind
	User     ID
	Document ID
	Attempt  int
	Lane     Lane
	Tokens   int // that the call is going to be billed for, as far as they are counted; 0: estimated
}

type payerKey struct{}

// PaidBy notes in the context for whom the calls under it are made.
func PaidBy(ctx context.Context, p Payer) context.Context {
	return context.WithValue(ctx, payerKey{}, p)
}

// PayerOf is the payer of the context; where nobody is noted, an operator who
// tries something.
func PayerOf(ctx context.Context) Payer {
	if p, ok := ctx.Value(payerKey{}).(Payer); ok {
		return p
	}
	return Payer{Kind: PaidProbe, Lane: Interactive}
}

// NanoUSD is money in billionths of a dollar: a question of ten tokens costs
// 200 of them, so that no sum is ever rounded.
type NanoUSD int64

// USD is the amount in dollars, for people.
func (n NanoUSD) USD() float64 { return float64(n) / 1e9 }

// Dollars makes an amount of whole and broken dollars.
func Dollars(usd float64) NanoUSD { return NanoUSD(usd*1e9 + 0.5) }

// Price is one row of a vendor's price list.
type Price struct {
	Provider string
	Item     string // a model, or a tier of parsing
	Unit     string // token, or page
	Nano     NanoUSD
	Credits  float64 // of a page, where the vendor counts those
	Of       string  // the list's date, YYYY-MM-DD
	Source   string  // where it was read
}

// Version names the row in a ledger: what was counted with which list.
func (p Price) Version() string { return p.Provider + "/" + p.Item + "@" + p.Of }

// Call is one paid call that is about to be made.
type Call struct {
	ID       ID
	Provider string
	Account  string        // fingerprint of the key: the limits are the key's
	Window   time.Duration // Pace.Window
	Payer    Payer
	Tokens   int64
	Pages    int
	Cost     NanoUSD // estimated, and reserved until the call has ended
	Price    string  // Price.Version
	Findable bool    // one whose answer was lost is looked for, and entered when it is found
}

// Pace is what a provider's key may do, over all processes. Zero is no bound.
type Pace struct {
	Requests int           // at once, and from then on as evenly as so many in each Window
	Window   time.Duration // of Requests
	Tokens   int           // likewise in each minute
	Calls    int           // under way at once
	Jobs     int           // documents that the parser holds at once
	Lease    time.Duration // after which a call that has not ended was lost with its process
	Budget   NanoUSD       // most that the month may cost, with what is reserved
}

// Turn is the answer to a call that asks to begin. One is set, or Wait alone.
type Turn struct {
	Go    bool
	Spent bool          // the month's budget has no room for it
	Wait  time.Duration // until it may ask again
}

// BillState says how sure an amount is.
type BillState string

// The states of a bill.
const (
	BillNone      BillState = ""          // nothing is owed
	BillOpen      BillState = "open"      // unknown: the reservation stays until the lease ends, and then goes
	BillEstimated BillState = "estimated" // by our count; the provider's own word follows
	BillCharged   BillState = "charged"   // by the provider's own usage
	BillAssumed   BillState = "assumed"   // the answer was lost or useless: counted as if billed
)

// Bill is how a paid call ended.
type Bill struct {
	State  BillState
	Ref    string // what is billed once: the provider's job; empty: the call itself
	Tokens int64
	Pages  int
	Cost   NanoUSD

	Closed time.Duration // the provider asks all callers of the key to wait so long; 0: it does not
	Room   *Room         // what the provider says is left; nil where it says nothing
}

// Room is what is left of a provider's limits, as shares of them.
type Room struct {
	Requests float64 // 0 to 1
	Tokens   float64 // 0 to 1
}

// Spending is what a month (UTC) has cost so far.
type Spending struct {
	Month    time.Time // its first moment
	Spent    NanoUSD
	Reserved NanoUSD // by calls under way
	By       map[string]NanoUSD
}

// Charge is what a kept result has cost, in the provider's own words.
type Charge struct {
	Provider string
	Ref      string
	Pages    int
	Credits  float64
	Cost     NanoUSD
	Price    string
}
