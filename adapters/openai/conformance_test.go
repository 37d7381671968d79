package openai_test

import (
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/openai/openaitest"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports/portstest"
)

// Each row is a service that speaks the same interface in its own way. The
// adapter keeps the port's promises over every one of them.
func TestConformance(t *testing.T) {
	t.Parallel()
	type o = openaitest.Options
	type d = openaitest.Dialect
	for name, options := range map[string]o{
		"the_vendor":                      {},
		"with_an_organization_s_project":  {Organization: "org-1", Project: "proj_1", ProjectTPM: 40_000_000},
		"ignores_base64":                  {Dialect: d{FloatsOnly: true}},
		"refuses_base64":                  {Dialect: d{NoEncoding: true}},
		"refuses_dimensions":              {Dialect: d{NoDimensions: true}},
		"refuses_both":                    {Dialect: d{NoDimensions: true, NoEncoding: true}},
		"refuses_one_and_ignores_another": {Dialect: d{NoDimensions: true, FloatsOnly: true}},
		"without_rate_headers":            {Dialect: d{NoRates: true}},
		"under_a_path_of_its_own":         {Dialect: d{Base: "/gateway/openai/v1"}},
		"in_another_order":                {Dialect: d{Unordered: true}},
		"small_batches":                   {MaxInputs: 32},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			portstest.Embedder(t, func(t *testing.T) portstest.EmbedderRig { return rig(t, options) })
		})
	}
}

func rig(t *testing.T, options openaitest.Options) portstest.EmbedderRig {
	t.Helper()
	options.Counter = realCounter()
	e, fake := serve(t, options)
	order := func(kind openaitest.FaultKind) { fake.Inject(openaitest.Fault{Kind: kind, RetryAfter: time.Second}) }
	return portstest.EmbedderRig{
		Embedder: e,
		Refuse:   func(code core.Code) { order(refusals[code]) },
		Spoil:    func(code core.Code) { order(spoils[code]) },
		Shuffle:  func() { order(openaitest.ShuffledIndex) },
		Poison: func(text string) {
			fake.Inject(openaitest.Fault{Kind: openaitest.BadRequest, Match: text, Times: -1})
		},
		Tokens: func() int { return fake.Ledger().Tokens },
	}
}

var refusals = map[core.Code]openaitest.FaultKind{
	core.CodeEmbedderBusy: openaitest.RateLimitTokens, core.CodeEmbedderCredits: openaitest.CreditBalance,
	core.CodeEmbedderKey: openaitest.KeyRevoked, core.CodeEmbedderUnavailable: openaitest.Overloaded,
}

var spoils = map[core.Code]openaitest.FaultKind{
	core.CodeBadVectors: openaitest.WrongDimension, core.CodeEmbedderUnavailable: openaitest.TruncatedBody,
}
