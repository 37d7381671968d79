package riverqueue

// What the tests look at from outside.
var (
	RetryWait = retryWait
	Jitter    = jitter
	HintWaits = hintWaits
	Hung      = hung
)
