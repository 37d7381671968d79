package client

import "time"

// Accepted is the answer to an upload that is stored and on its way.
type Accepted struct {
	DocumentID string `json:"document_id"`
	JobID      string `json:"job_id"`
	Status     string `json:"status"`
}

// Quoted is what a file would cost.
type Quoted struct {
	Filename   string      `json:"filename"`
	Pages      int         `json:"pages"` // that are billed
	Basis      string      `json:"basis"` // text, pages or size
	Credits    float64     `json:"estimated_credits"`
	Tokens     int64       `json:"estimated_tokens"`
	USD        QuotedUSD   `json:"estimated_usd"`
	Budget     QuoteBudget `json:"budget"`
	DocumentID string      `json:"document_id,omitempty"` // of the same content that is there: it costs nothing
}

// QuotedUSD is a quote in dollars.
type QuotedUSD struct {
	Parse float64 `json:"parse"`
	Embed float64 `json:"embed"`
	Total float64 `json:"total"`
}

// QuoteBudget tells whether the document would wait for money.
type QuoteBudget struct {
	Allowed bool   `json:"allowed"`
	Code    string `json:"code,omitempty"`
}

// Document is where a document stands.
type Document struct {
	DocumentID  string           `json:"document_id"`
	JobID       string           `json:"job_id"` // the attempt's id
	Filename    string           `json:"filename"`
	Status      string           `json:"status"`
	Stage       string           `json:"stage"`
	Progress    int              `json:"progress"` // percent
	Attempt     int              `json:"attempt"`  // 1 for the first
	CreatedAt   time.Time        `json:"created_at"`
	UpdatedAt   time.Time        `json:"updated_at"`
	BytesLen    int64            `json:"bytes_len"`
	Mime        string           `json:"mime"`
	Pages       int              `json:"pages"` // 0 for formats without pages
	FailedPages []int            `json:"failed_pages"`
	Chunks      Chunks           `json:"chunks"`
	Timings     map[string]int64 `json:"timings"`               // milliseconds in each status that was left
	LastError   *LastError       `json:"last_error"`            // nil unless the attempt failed
	WaitingFor  *LastError       `json:"waiting_for,omitempty"` // nil unless it waits for more than its turn
}

// Page is a part of an account's documents, the newest first.
type Page struct {
	Documents  []Document `json:"documents"`
	NextCursor string     `json:"next_cursor"` // of the next page; "" at the end
}

// Chunks is how much of a document can be searched.
type Chunks struct {
	Done  int `json:"done"`
	Total int `json:"total"` // 0 before the document is cut
}

// LastError is why an attempt failed.
type LastError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Advice  string `json:"advice"`
	Page    int    `json:"page,omitempty"` // from 1; 0 where no page is at fault
}

// Move is one change of a document's status, numbered in its order.
type Move struct {
	EventID    int64     `json:"event_id"`
	DocumentID string    `json:"document_id"`
	Attempt    int       `json:"attempt"`
	Was        string    `json:"was"` // "" at the beginning of an attempt
	Status     string    `json:"status"`
	Progress   int       `json:"progress"`
	At         time.Time `json:"at"`
	LastedMS   int64     `json:"lasted_ms"` // how long the status before stood
	Code       string    `json:"code"`      // of a failure
}

// Removal is a deletion that has begun.
type Removal struct {
	DocumentID string `json:"document_id"`
	Status     string `json:"status"`
}

// Receipt says how far a deletion is, and what was counted in each place
// afterwards: nil where the place could not be asked.
type Receipt struct {
	DocumentID  string          `json:"document_id"`
	Status      string          `json:"status"`
	Reason      string          `json:"reason"`
	RequestedAt time.Time       `json:"requested_at"`
	DoneAt      *time.Time      `json:"done_at"`
	Residual    map[string]*int `json:"residual"`
}

// Question is what a search looks for, and where. What is left zero is the
// service's to decide, or holds nothing back.
type Question struct {
	Query          string    `json:"query"`
	Limit          int       `json:"limit,omitempty"`
	Documents      []string  `json:"document_ids,omitempty"`
	Types          []string  `json:"types,omitempty"`         // MIME types
	After          time.Time `json:"created_after,omitzero"`  // uploaded then or later
	Before         time.Time `json:"created_before,omitzero"` // uploaded earlier
	RequireVectors bool      `json:"require_vectors,omitempty"`
}

// Results is the passages found, the best first.
type Results struct {
	Mode     string    `json:"mode"`               // hybrid, or text: by words alone
	Degraded *Degraded `json:"degraded,omitempty"` // in mode text: why
	Results  []Passage `json:"results"`
}

// Degraded is why an answer is less than it could be.
type Degraded struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Quote is the part of a passage that answers best; Start and End are in
// characters of its text.
type Quote struct {
	Text  string `json:"text"`
	Start int    `json:"start"`
	End   int    `json:"end"`
}

// Passage is one passage and where it stands.
type Passage struct {
	DocumentID string   `json:"document_id"`
	ChunkID    string   `json:"chunk_id"`
	Filename   string   `json:"filename"`
	Text       string   `json:"text"`
	Headings   []string `json:"headings"`  // the section path, outermost first
	PageFrom   int      `json:"page_from"` // from 1; 0 for formats without pages
	PageTo     int      `json:"page_to"`   // inclusive
	Quote      Quote    `json:"quote"`
	Similarity *float64 `json:"similarity"` // cosine; nil in mode text
	Score      float64  `json:"score"`      // 0 to 1, what they are ordered by
}

// Session is a signed-in account; its tokens are secrets.
type Session struct {
	AccessToken  Secret `json:"access_token"`
	RefreshToken Secret `json:"refresh_token"`
	ExpiresAt    int64  `json:"expires_at"` // of the access token, seconds since 1970
	User         User   `json:"user"`
}

// User is an account in short.
type User struct {
	ID    string `json:"id"`
	Email string `json:"email"`
}

// SignUp is what a new account is made of.
type SignUp struct {
	Email            string `json:"email"`
	Password         Secret `json:"password"`
	Name             string `json:"name,omitempty"`
	ConsentVersion   string `json:"consent_version"`   // which text was agreed to
	ConsentTimestamp string `json:"consent_timestamp"` // when, RFC 3339
}

// Health is what a deployment knows of itself.
type Health struct {
	Status   string            `json:"status"` // healthy or degraded
	Services map[string]string `json:"services"`
	Details  []HealthDetail    `json:"details"`
	Version  string            `json:"version"`
}

// HealthDetail is the last real call to one service.
type HealthDetail struct {
	Name string    `json:"name"`
	OK   bool      `json:"ok"`
	Code string    `json:"code"` // of the failure
	At   time.Time `json:"at"`
}

// Limits is what the deployment takes as an upload.
type Limits struct {
	MaxFileBytes int64    `json:"max_file_size_bytes"`
	MaxPages     int      `json:"max_pages"`
	Types        []string `json:"supported_mime_types"`
	Words        string   `json:"limits_description"`
}
