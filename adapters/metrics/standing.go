package metrics

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/insurance-navigator/navigator/ports"
)

// Pool is what a pool of connections counts.
type Pool struct {
	Max, Total, Acquired, Idle, Constructing           int32
	Acquires, EmptyAcquires, CanceledAcquires, Created int64
	AcquireTime, EmptyAcquireTime                      time.Duration
	DestroyedLifetime, DestroyedIdle                   int64 // closed for their age, and for their rest
}

// RedisPool is what the pool of connections to Redis counts.
type RedisPool struct {
	InUse, Idle uint32
	Timeouts    uint32 // waits for a connection that were given up
}

// standing holds what is read from outside of the process' own counting: the
// database's word, kept between two looks, and the pools', asked at each scrape.
type standing struct {
	mu    sync.Mutex
	last  ports.Census
	seen  bool
	good  bool
	took  time.Duration
	pools map[string]func() Pool
	redis func() RedisPool // nil without Redis
}

func newStanding() *standing { return &standing{pools: map[string]func() Pool{}} }

// Stands keeps what a look at the database showed; err is the look's.
func (m *Metrics) Stands(s ports.Census, took time.Duration, err error) {
	if m == nil {
		return
	}
	m.states.mu.Lock()
	defer m.states.mu.Unlock()
	m.states.took, m.states.good, m.states.seen = took, err == nil, true
	if err == nil {
		m.states.last = s
	}
}

// Pool adds a pool of connections under a name.
func (m *Metrics) Pool(name string, stat func() Pool) {
	if m == nil {
		return
	}
	m.states.mu.Lock()
	defer m.states.mu.Unlock()
	m.states.pools[name] = stat
}

// Redis adds the pool of connections to Redis.
func (m *Metrics) Redis(stat func() RedisPool) {
	if m == nil {
		return
	}
	m.states.mu.Lock()
	defer m.states.mu.Unlock()
	m.states.redis = stat
}

// desc is one family of the standing.
type desc struct {
	*prometheus.Desc
	kind   prometheus.ValueType
	family Family
}

func described(name, help string, kind prometheus.ValueType, labels ...string) desc {
	word := "gauge"
	if kind == prometheus.CounterValue {
		word = "counter"
	}
	return desc{prometheus.NewDesc(name, help, labels, nil), kind, Family{name, word, help, labels}}
}

var (
	documents = described("docpipe_documents", "Documents by status.", prometheus.GaugeValue, "status")
	oldest    = described("docpipe_document_oldest_age_seconds", "Age, in its status, of the oldest document of a status that is no end.", prometheus.GaugeValue, "status")
	stuck     = described("docpipe_documents_stuck", "Documents longer in a status than it may take.", prometheus.GaugeValue, "status")
	pending   = described("webhook_callbacks_pending", "Documents that wait for the parser's callback.", prometheus.GaugeValue)
	longest   = described("webhook_callback_oldest_pending_seconds", "Age of the oldest such wait.", prometheus.GaugeValue)
	jobs      = described("river_jobs", "Jobs that have not ended well. Every worker tells the same: take the greatest, never the sum.", prometheus.GaugeValue, "queue", "kind", "state")
	waiting   = described("river_oldest_available_job_age_seconds", "Time that the oldest job has been waiting to be taken.", prometheus.GaugeValue, "queue", "kind")
	resting   = described("river_queue_paused", "1 while a queue or the intake is paused.", prometheus.GaugeValue, "queue")
	processes = described("docpipe_processes", "Living processes by their heartbeat.", prometheus.GaugeValue, "service")
	skew      = described("docpipe_clock_skew_seconds", "This process' clock less the database's.", prometheus.GaugeValue)
	snapshots = described("docpipe_xmin_age_seconds", "Time for which the oldest snapshot of the database is held, by a session, a prepared transaction or a replication slot: rows that died since stay. "+
		"Every worker tells the same, or less where it looked for a shorter time.", prometheus.GaugeValue, "holder")
	budget    = described("docpipe_budget_used_ratio", "Share of the month's budget that is spent or promised; absent without a budget.", prometheus.GaugeValue)
	success   = described("docpipe_collector_success", "1 when the last look at the database succeeded.", prometheus.GaugeValue, "collector")
	beats     = described("docpipe_heartbeat_age_seconds", "Age of the latest heartbeat of a service's processes; absent for a service that none was seen of within a day.", prometheus.GaugeValue, "service")
	leads     = described("river_leader", "1 in the worker that leads the queue's upkeep.", prometheus.GaugeValue)
	destroyed = described("pgxpool_destroyed_conns_total", "Connections closed for their age (lifetime) or for their rest (idle).", prometheus.CounterValue, "pool", "reason")
	redisPool = described("redis_pool_conns", "Connections to Redis: in_use or idle. Absent without Redis.", prometheus.GaugeValue, "state")
	redisLate = described("redis_pool_timeouts_total", "Waits for a connection to Redis that were given up.", prometheus.CounterValue)
	lookTook  = described("docpipe_collector_duration_seconds", "Time of the last look.", prometheus.GaugeValue, "collector")
)

// poolFamily is one family of every pool.
type poolFamily struct {
	desc
	of func(Pool) float64
}

func poolGauge(name, help string, of func(Pool) int32) poolFamily {
	return poolFamily{described("pgxpool_"+name, help, prometheus.GaugeValue, "pool"), func(p Pool) float64 { return float64(of(p)) }}
}

func poolCounter(name, help string, of func(Pool) float64) poolFamily {
	return poolFamily{described("pgxpool_"+name, help, prometheus.CounterValue, "pool"), of}
}

var poolFamilies = []poolFamily{
	poolGauge("max_conns", "Most connections.", func(p Pool) int32 { return p.Max }),
	poolGauge("total_conns", "Open connections.", func(p Pool) int32 { return p.Total }),
	poolGauge("acquired_conns", "Connections in use.", func(p Pool) int32 { return p.Acquired }),
	poolGauge("idle_conns", "Connections at rest.", func(p Pool) int32 { return p.Idle }),
	poolGauge("constructing_conns", "Connections being opened.", func(p Pool) int32 { return p.Constructing }),
	poolCounter("acquires_total", "Connections taken.", func(p Pool) float64 { return float64(p.Acquires) }),
	poolCounter("empty_acquires_total", "Connections that had to be waited for.", func(p Pool) float64 { return float64(p.EmptyAcquires) }),
	poolCounter("canceled_acquires_total", "Waits given up.", func(p Pool) float64 { return float64(p.CanceledAcquires) }),
	poolCounter("new_conns_total", "Connections opened.", func(p Pool) float64 { return float64(p.Created) }),
	poolCounter("acquire_wait_seconds_total", "Time spent on taking connections.", func(p Pool) float64 { return seconds(p.AcquireTime) }),
	poolCounter("empty_acquire_wait_seconds_total", "Time spent on waiting for one.", func(p Pool) float64 { return seconds(p.EmptyAcquireTime) }),
}

// standings lists what the standing tells.
func standings() []desc {
	list := []desc{documents, oldest, stuck, pending, longest, jobs, waiting, resting, processes, beats, leads, skew, snapshots, budget, success, lookTook,
		destroyed, redisPool, redisLate}
	for _, f := range poolFamilies {
		list = append(list, f.desc)
	}
	return list
}

func standingFamilies() (families []Family) {
	for _, d := range standings() {
		families = append(families, d.family)
	}
	return families
}

// Describe is prometheus.Collector.
func (s *standing) Describe(to chan<- *prometheus.Desc) {
	for _, d := range standings() {
		to <- d.Desc
	}
}

// Collect is prometheus.Collector.
func (s *standing) Collect(to chan<- prometheus.Metric) {
	s.mu.Lock()
	defer s.mu.Unlock()
	tell := func(d desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d.Desc, d.kind, value, labels...)
	}
	for name, stat := range s.pools {
		now := stat()
		for _, f := range poolFamilies {
			tell(f.desc, f.of(now), name)
		}
		tell(destroyed, float64(now.DestroyedLifetime), name, "lifetime")
		tell(destroyed, float64(now.DestroyedIdle), name, "idle")
	}
	if s.redis != nil {
		now := s.redis()
		tell(redisPool, float64(now.InUse), "in_use")
		tell(redisPool, float64(now.Idle), "idle")
		tell(redisLate, float64(now.Timeouts))
	}
	if !s.seen {
		return
	}
	tell(success, number(s.good), "database")
	tell(lookTook, seconds(s.took), "database")
	if s.good { // what is old is told by nobody: it would look like now
		s.tellAll(tell)
	}
}

func (s *standing) tellAll(tell func(desc, float64, ...string)) {
	for _, d := range s.last.Documents {
		tell(documents, float64(d.Count), string(d.Status))
		if !d.Status.Terminal() {
			tell(oldest, seconds(d.Oldest), string(d.Status))
			tell(stuck, float64(d.Stuck), string(d.Status))
		}
	}
	tell(pending, float64(s.last.Callbacks))
	tell(longest, seconds(s.last.OldestCallback))
	for _, j := range s.last.Jobs {
		tell(jobs, float64(j.Count), j.Queue, j.Kind, j.State)
		if j.State == "available" {
			tell(waiting, seconds(j.Oldest), j.Queue, j.Kind)
		}
	}
	for name, paused := range s.last.Paused {
		tell(resting, number(paused), name)
	}
	for service, n := range s.last.Processes {
		tell(processes, float64(n), service)
	}
	for service, age := range s.last.Heartbeats {
		tell(beats, seconds(age), service)
	}
	for holder, age := range s.last.Snapshots {
		tell(snapshots, seconds(age), holder)
	}
	tell(leads, number(s.last.Leads))
	tell(skew, s.last.Skew.Seconds())
	if s.last.Budget != nil {
		tell(budget, *s.last.Budget)
	}
}
