package boot

import (
	"slices"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

func (c Config) checkNumbers(f *faults) {
	if !(c.MaxFailedShare >= 0 && c.MaxFailedShare < 1) { // so that NaN is refused too
		f.add("MAX_FAILED_PAGE_SHARE: from 0 to below 1")
	}
	if c.ChunkTokens < 64 || c.ChunkTokens > 8000 || c.ChunkOverlap < 0 || c.ChunkOverlap*2 > c.ChunkTokens {
		f.add("CHUNK_TOKENS: 64 to 8000, and CHUNK_OVERLAP at most half of it")
	}
	if len(c.ParsePolls) == 0 || slices.Min(c.ParsePolls) <= 0 || c.ParseDeadline <= 0 {
		f.add("PARSE_POLLS and PARSE_DEADLINE: positive durations such as 30s,1m")
	}
	if c.ReembedPace < ports.MaxEmbedTokens {
		f.add("REEMBED_TOKENS_PER_MINUTE: at least %d, one batch", ports.MaxEmbedTokens)
	}
	c.checkMoney(f)
	c.checkCounts(f)
	c.checkTimes(f)
	c.checkStages(f)
}

func (c Config) checkMoney(f *faults) {
	for name, usd := range map[string]float64{"OPENAI_PRICE": c.OpenAIPrice, "LLAMAPARSE_PAGE_PRICE": c.LlamaPrice, "MONTHLY_BUDGET_USD": c.Budget} {
		if !(usd >= 0 && usd < 1e6) {
			f.add("%s: 0 to a million", name)
		}
	}
	if !(c.BudgetWarn > 0 && c.BudgetWarn <= 1) {
		f.add("BUDGET_WARN_SHARE: above 0, and 1 at most")
	}
	if c.Budget > 0 && c.embedPrice(c.OpenAIModel).Nano == 0 {
		f.add("OPENAI_PRICE: the price of OPENAI_MODEL is not known here, and there is a budget to hold")
	}
	for name, n := range map[string]int{"LLAMAPARSE_MAX_JOBS": c.LlamaJobs,
		"OPENAI_REQUESTS_PER_MINUTE": c.OpenAIRequests, "OPENAI_TOKENS_PER_MINUTE": c.OpenAITokens, "OPENAI_MAX_CALLS": c.OpenAIAtOnce} {
		if n < 0 {
			f.add("%s: 0 or more", name)
		}
	}
}

func (c Config) checkCounts(f *faults) {
	for name, n := range map[string]int{"QUEUE_PARSE_WORKERS": c.WorkersParse, "QUEUE_RECEIVE_WORKERS": c.WorkersReceive, "QUEUE_LINE_WORKERS": c.WorkersLine,
		"QUEUE_EMBED_WORKERS": c.WorkersEmbed, "QUEUE_UPKEEP_WORKERS": c.WorkersUpkeep, "QUEUE_REEMBED_WORKERS": c.WorkersReembed,
		"OPENAI_MAX_IN_FLIGHT": c.OpenAICalls, "BREAKER_FAILURES": c.BreakerFailures, "DATABASE_MAX_CONNS": int(c.MaxConns)} {
		if n < 1 || n > 1000 {
			f.add("%s: 1 to 1000", name)
		}
	}
	for name, port := range map[string]int{"PORT": c.Port, "WEBHOOK_PORT": c.WebhookPort, "WORKER_PORT": c.WorkerPort} {
		if port < 0 || port > 65535 {
			f.add("%s: 0 to 65535, 0 for any free port", name)
		}
	}
}

func (c Config) checkTimes(f *faults) {
	for name, d := range map[string]time.Duration{"AUTH_ACCESS_TTL": c.AccessTTL, "RIVER_FETCH_COOLDOWN": c.FetchCooldown,
		"SOFT_STOP_TIMEOUT": c.SoftStop, "RESCUE_AFTER": c.Rescue, "HEARTBEAT_EVERY": c.Heartbeat, "PROCESS_DEAD_AFTER": c.DeadAfter,
		"RESCUE_EVERY": c.RescueEvery, "RESCUE_GRACE": c.RescueGrace, "RECONCILE_EVERY": c.ReconcileEvery,
		"AWAIT_EVERY": c.AwaitEvery, "SWEEP_EVERY": c.SweepEvery, "REEMBED_EVERY": c.ReembedEvery, "REEMBED_KEEP": c.ReembedKeep, "REVIVE_AFTER": c.ReviveAfter,
		"BREAKER_REST": c.BreakerRest, "DATABASE_REPLICA_MAX_LAG": c.ReplicaMaxLag, "REFUSAL_EVERY": c.RefusalEvery, "WAIT_LIMIT": c.WaitLimit,
		"RETAIN_EVERY": c.Retain.Every, "SCRUB_EVERY": c.ScrubEvery, "ARCHIVE_EVERY": c.Archive.Every} {
		if d <= 0 {
			f.add("%s: a positive duration such as 30s", name)
		}
	}
	if c.ScrubAge < c.SweepAge {
		f.add("SCRUB_AGE: not below SWEEP_AGE")
	}
	for _, r := range c.Retention() {
		if r.For != core.Forever && r.For < r.Least {
			f.add("%s: at least %s, or 0 to keep for ever", r.Setting, r.Least)
		}
	}
	if r := c.Retain; r.Deletions != core.Forever && (r.Events == core.Forever || r.Deletions < r.Events) {
		f.add("RETAIN_DELETIONS: not below RETAIN_EVENTS, for events go by their document's deletion")
	}
	if c.FetchPoll < c.FetchCooldown {
		f.add("RIVER_FETCH_POLL_INTERVAL: not below RIVER_FETCH_COOLDOWN")
	}
	c.checkRescue(f)
	if c.FallbackAfter < 0 {
		f.add("PARSER_FALLBACK_AFTER: 0 for never, or a duration such as 1h")
	}
	if c.SweepAge < leastSweepAge {
		f.add("SWEEP_AGE: at least %s, or files of uploads under way are swept", leastSweepAge)
	}
}

// leastSweepAge is well above the longest upload.
const leastSweepAge = 15 * time.Minute

// beats is how many heartbeats have to be missed before a process is dead.
const beats = 3

// checkRescue holds the times of rescue to each other: a job is back within its
// stage's timeout and RESCUE_GRACE whatever became of its process.
func (c Config) checkRescue(f *faults) {
	if c.DeadAfter < beats*c.Heartbeat {
		f.add("PROCESS_DEAD_AFTER: at least %d times HEARTBEAT_EVERY, or a slow moment passes for a death", beats)
	}
	for stage, s := range c.Queues().Stages {
		if s.Timeout > 0 && c.DeadAfter+c.RescueEvery > s.Timeout+c.RescueGrace {
			f.add("PROCESS_DEAD_AFTER and RESCUE_EVERY: together at most STAGE_%s_TIMEOUT and RESCUE_GRACE, the promised time of rescue", strings.ToUpper(string(stage)))
		}
	}
	if c.DrainNotice < 0 {
		f.add("DRAIN_NOTICE: 0 or a positive duration such as 2s")
	}
	if c.LivenessAfter < beats*max(c.Heartbeat, c.RescueEvery) {
		f.add("LIVENESS_AFTER: at least %d times HEARTBEAT_EVERY and RESCUE_EVERY, the loops that it watches", beats)
	}
	if c.ClockSkewMax < skewTold {
		f.add("CLOCK_SKEW_MAX: at least %s, from which a difference is told", skewTold)
	}
}

// checkStages holds each stage to a known queue and a sane bound.
func (c Config) checkStages(f *faults) {
	workers := c.Queues().Workers
	for stage, s := range c.Queues().Stages {
		name := "STAGE_" + strings.ToUpper(string(stage))
		if _, ok := workers[s.Queue]; !ok {
			f.add("%s_QUEUE: allowed are %s", name, strings.Join(riverqueue.Queues(), ", "))
		}
		if s.Timeout <= 0 || s.Timeout+c.RescueGrace >= c.Rescue {
			f.add("%s_TIMEOUT: above 0, and with RESCUE_GRACE below RESCUE_AFTER", name)
		}
		if s.Attempts < 1 || s.Attempts > 25 {
			f.add("%s_ATTEMPTS: 1 to 25", name)
		}
	}
}
