package riverqueue

// What the tests look at from outside.
var (
	Backoff   = backoff
	Jitter    = jitter
	HintWaits = hintWaits
)
