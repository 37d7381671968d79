package riverqueue

// What the tests look at from outside.
var (
	RetryWait = retryWait
	Jitter    = jitter
	HintWaits = hintWaits
	Hung      = hung
)

// ticket is the claim of one run of a job.
type ticket struct {
	id  int64
	run int
}

func (t ticket) row() (id int64, run int) { return t.id, t.run }

// TicketOf is the ticket that the run of a job would hold.
func TicketOf(id int64, run int) any { return ticket{id, run} }
