package main

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/insurance-navigator/navigator/adapters/llamaparse"
	"github.com/insurance-navigator/navigator/adapters/openai"
	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/core"
)

// newExponential is times between arrivals of mean 1, the same in every run.
func newExponential() func() float64 {
	source := rand.New(rand.NewPCG(7, 11)) //nolint:gosec // a play of chance that is the same in every run
	return source.ExpFloat64
}

// needs is what a number of documents a day takes.
type needs struct {
	PerDay        float64
	Mean, Peak    float64 // documents a second
	DatabaseCores int
	Workers       int
	Submits       float64 // a second
	Jobs          int     // at the parser
	TokensMinute  float64
	GBDay         float64 // of rows
	ParserUSD     float64 // a day
	EmbedderUSD   float64
	MachinesUSD   float64
}

const (
	peakFactor = 3.0 // of the busiest hour to the mean
	fill       = 0.7 // of what a machine can do, at the peak
	chunkGB    = 16e-6
	coreDay    = 24 * (0.04048 + 2*0.004445) // Fargate: a vCPU with 2 GiB, in USD
	baseCores  = 24 * 0.0822 / 2             // Supabase Large: 110 USD a month for 2 cores, by the day and core
)

// million is what so many documents a day need, from the same constants.
func million(perDay float64, pages int, c costs) needs {
	n := needs{PerDay: perDay, Mean: perDay / (24 * 3600)}
	n.Peak = n.Mean * peakFactor
	n.DatabaseCores = int(math.Ceil(n.Peak * (c.Database + time.Duration(pages)*c.DatabasePage).Seconds() / fill))
	cores := n.Peak * (c.Worker + time.Duration(pages)*c.WorkerPage).Seconds() / 2
	batches := (pages*chunksPage + batchSize - 1) / batchSize
	settings := riverqueue.DefaultSettings()
	places := n.Peak * float64(batches) * embedTime.Seconds() / float64(settings.Workers[settings.Stages[core.Embed].Queue])
	n.Workers = int(math.Ceil(max(cores, places) / fill))
	n.Submits = n.Peak
	n.Jobs = int(math.Ceil(n.Peak * (parseBase + time.Duration(pages)*parsePage).Seconds()))
	n.TokensMinute = n.Peak * 60 * float64(pages*tokensPage)
	n.GBDay = perDay * float64(pages*chunksPage) * chunkGB
	credits, _ := llamaparse.PriceOf(llamaparse.TierCostEffective)
	token, _ := openai.PriceOf("text-embedding-3-small")
	n.ParserUSD = perDay * float64(pages) * credits.Nano.USD()
	n.EmbedderUSD = perDay * float64(pages*tokensPage) * token.Nano.USD()
	n.MachinesUSD = float64(2*n.Workers)*coreDay + float64(n.DatabaseCores)*baseCores
	return n
}
