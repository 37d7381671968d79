package main

import (
	"fmt"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core/governor"
	"github.com/insurance-navigator/navigator/docs"
)

// A usual document, and how long it is kept: the bill is that of the twelfth
// month, when a year's documents are stored.
const (
	documentPages    = 10
	documentGB       = 1.0 / 1024 // its file
	documentRowsGB   = 0.00036    // 20 chunks of 16 kB with vector, its copy, words and indexes, and its pages' text
	documentRequests = 50         // uploads, looks at the status, callbacks
	documentLogGB    = 0.00004
	monthsKept       = 12
	monthHours       = 730
)

// The vendors' list prices in USD, us-east-1, by heart; those of pages and
// tokens are the adapters' own.
const (
	cpuHour, memoryHour       = 0.04048, 0.004445 // Fargate: a vCPU, a GiB
	gatewayHour, gatewayGB    = 0.045, 0.045
	balancerHour, balancerUse = 0.0225, 0.008 // use: one unit, which is a GB an hour
	leavingGB, leavingFree    = 0.09, 100
	wallMonth, wallMillion    = 15, 0.60
	logGB                     = 0.50
	flatMonth                 = 65 // keys, secrets, GuardDuty, Security Hub, Inspector, Container Insights, health checks, registry
	hostedPlan, hostedHealth  = 599, 350
	hostedRecovery            = 100 // point in time, 7 days
	hostedCredit              = 10
	diskGB, diskFree          = 0.125, 8
	filesGB, filesFree        = 0.021, 100
)

// task is one service's tasks of a production that nobody sized otherwise:
// those of deploy/terraform/environment/variables.tf.
type task struct {
	name        string
	cpu, memory int // units of 1/1024 vCPU, MiB
	count       int
}

var tasks = []task{{"api", 2048, 4096, 2}, {"worker", 2048, 4096, 2}, {"webhook", 1024, 2048, 2}}

// volume is how many documents come in a month, and what the database's compute
// size for so many costs.
type volume struct {
	documents float64
	compute   float64
}

var volumes = []volume{{1_000, 15}, {10_000, 60}, {100_000, 110}} // Small, Medium, Large

// item is a row of the bill: what is paid to whom for a volume, in USD.
type item struct {
	name string
	of   func(volume) float64
}

// The parts of the bill; after each comes its sum.
var parts = []struct {
	name  string
	items []item
}{
	{"AWS", []item{
		{"tasks", func(volume) float64 { return fargate() }},
		{"load balancer, two NAT gateways, traffic", network},
		{"firewall", func(v volume) float64 { return wallMonth + v.documents*documentRequests/1e6*wallMillion }},
		{"logs, keys, watching", func(v volume) float64 { return flatMonth + v.documents*documentLogGB*logGB }},
	}},
	{"Supabase", []item{
		{"Team, agreement for health data, point in time", func(volume) float64 { return hostedPlan + hostedHealth + hostedRecovery }},
		{"compute, disk, files", stored},
	}},
	{"Providers", []item{
		{"LlamaParse, cost_effective", func(v volume) float64 { return v.documents * estimate().Parse.USD() }},
		{"OpenAI, text-embedding-3-small", func(v volume) float64 { return v.documents * estimate().Embed.USD() }},
	}},
}

func fargate() (usd float64) {
	for _, t := range tasks {
		usd += float64(t.count) * monthHours * (float64(t.cpu)/1024*cpuHour + float64(t.memory)/1024*memoryHour)
	}
	return usd
}

// network: a document goes in to the API, and from there to the storage, back to
// the worker, and to the parser: three times through a gateway, two of them out.
func network(v volume) float64 {
	moved := v.documents * documentGB
	return 2*monthHours*gatewayHour + 3*moved*gatewayGB + monthHours*(balancerHour+balancerUse) + max(0, 2*moved-leavingFree)*leavingGB
}

func stored(v volume) float64 {
	kept := v.documents * monthsKept
	return v.compute - hostedCredit + max(0, kept*documentRowsGB-diskFree)*diskGB + max(0, kept*documentGB-filesFree)*filesGB
}

// estimate is what the service itself would quote for a usual document.
func estimate() governor.Estimate {
	list := governor.List{}
	for _, p := range boot.Prices() {
		switch p.Item {
		case boot.Defaults().LlamaTier:
			list.Page = p
		case boot.Defaults().OpenAIModel:
			list.Token = p
		}
	}
	return list.OfPages(documentPages)
}

// bill is the table of what a month costs.
func bill() string {
	header := []string{"USD a month"}
	var total []float64
	for _, v := range volumes {
		header = append(header, thousands(v.documents)+" documents")
		total = append(total, 0)
	}
	var rows [][]string
	for _, part := range parts {
		sum := make([]float64, len(volumes))
		for _, i := range part.items {
			amounts := make([]float64, len(volumes))
			for n, v := range volumes {
				amounts[n] = i.of(v)
				sum[n] += amounts[n]
				total[n] += amounts[n]
			}
			rows = append(rows, dollars(i.name, amounts))
		}
		rows = append(rows, dollars("**"+part.name+"**", sum))
	}
	each := []string{"a document"}
	for n, v := range volumes {
		each = append(each, fmt.Sprintf("$%.3f", total[n]/v.documents))
	}
	return docs.Table(header, append(rows, dollars("**In all**", total), each))
}

// thousands is a whole number from a thousand on, as people write it.
func thousands(n float64) string { return fmt.Sprintf("%d,%03d", int(n)/1000, int(n)%1000) }

func dollars(name string, amounts []float64) []string {
	row := []string{name}
	for _, usd := range amounts {
		digits := 0
		if usd < 10 {
			digits = 2
		}
		row = append(row, fmt.Sprintf("$%.*f", digits, usd))
	}
	return row
}
