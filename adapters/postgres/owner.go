package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// Library is the owner's side of the store; it fills ports.Library. Its pool's
// sessions hold inav_app.
type Library struct {
	pool    Steady
	queue   Queue
	replica *Replica // nil: all is read at the primary

	approximateAbove int // chunks of one owner
}

// NewLibrary makes a Library over a pool whose sessions hold inav_app.
func NewLibrary(pool *pgxpool.Pool, queue Queue) *Library {
	return &Library{pool: NewSteady(pool), queue: queue, approximateAbove: ApproximateAbove}
}

// Follow has lists, searches, statuses and histories read at the replica, where
// that is as fresh. What signs in, permits or changes never is.
func (l *Library) Follow(r *Replica) { l.replica = r }

// asAuthenticated is the role of who reads as an owner, until the transaction ends.
const asAuthenticated = `select set_config('role', 'authenticated', true)`

// setClaims puts the owner's claims into the transaction; the row policies
// read them.
const setClaims = `select set_config('request.jwt.claims', $1, true)`

// readsOnly is the kind of transaction that most reads are.
var readsOnly = pgx.TxOptions{AccessMode: pgx.ReadOnly}

// asReader runs reads as role authenticated with the owner's claims, at the
// replica where there is one that is as fresh as the primary, in a transaction of
// the options' kind. Read may run twice; it notes who wrote what it answers, where
// that is not to go back.
func (l *Library) asReader(ctx context.Context, who ports.Principal, options pgx.TxOptions, read func(pgx.Tx, *writers) error) error {
	return l.asReaderPrepared(ctx, who, options, func(*pgx.Batch) {}, read)
}

// asReaderPrepared is asReader with statements that go before the read in the
// same message as the claims.
func (l *Library) asReaderPrepared(ctx context.Context, who ports.Principal, options pgx.TxOptions, prepare func(*pgx.Batch), read func(pgx.Tx, *writers) error) error {
	claimed := func(tx pgx.Tx, wrote *writers) error {
		if err := claim(ctx, tx, who, prepare); err != nil {
			return err
		}
		return read(tx, wrote)
	}
	served, err := l.replica.read(ctx, options, claimed)
	if !served {
		err = l.pool.InTx(ctx, options, func(tx pgx.Tx) error { return claimed(tx, new(writers)) })
	}
	return trouble(err)
}

// claim makes the transaction one of role authenticated with the owner's claims,
// and sends what is queued after that with it.
func claim(ctx context.Context, tx pgx.Tx, who ports.Principal, after ...func(*pgx.Batch)) error {
	batch := &pgx.Batch{}
	batch.Queue(setClaims, string(who.Claims))
	batch.Queue(`set local role authenticated`)
	for _, queue := range after {
		queue(batch)
	}
	return tx.SendBatch(ctx, batch).Close()
}

// asApp runs writes as the login role, under the policies of the claims' user.
func (l *Library) asApp(ctx context.Context, who ports.Principal, write func(pgx.Tx) error) error {
	err := l.pool.InTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, setClaims, string(who.Claims)); err != nil {
			return err
		}
		return write(tx)
	})
	return trouble(err)
}

// Intend records a key that is about to be written to storage.
func (l *Library) Intend(ctx context.Context, who ports.Principal, key string) error {
	return trouble(l.pool.batch(ctx, func() (*pgx.Batch, error) {
		batch := &pgx.Batch{}
		batch.Queue(setClaims, string(who.Claims))
		batch.Queue(`insert into upload_pipeline.storage_intents (storage_key, user_id) values ($1, $2)`, key, who.User)
		return batch, nil
	}))
}

// Forsake takes an intent back.
func (l *Library) Forsake(ctx context.Context, who ports.Principal, key string) error {
	return l.asApp(ctx, who, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `delete from upload_pipeline.storage_intents where storage_key = $1`, key)
		return err
	})
}

// Add makes the document, its first attempt and its first job in one
// transaction, and gives them as that leaves them.
func (l *Library) Add(ctx context.Context, who ports.Principal, d ports.NewDocument) (added ports.Standing, err error) {
	err = l.pool.InTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
		claims := &pgx.Batch{}
		claims.Queue(setClaims, string(who.Claims))
		if d.PerDay > 0 {
			if err := tx.SendBatch(ctx, claims).Close(); err != nil {
				return err
			}
			if err := holdQuota(ctx, tx, who, d.PerDay); err != nil {
				return err
			}
			claims = &pgx.Batch{}
		}
		return addDocument(ctx, tx, l.queue, who.User, d, claims, func(batch *pgx.Batch) error {
			if err := enterAs(ctx, into{batch}, who, core.AuditUpload, "", d.ID); err != nil {
				return err
			}
			batch.Queue(asAuthenticated)
			batch.Queue(ofDocument, who.User, d.ID).QueryRow(func(row pgx.Row) (err error) {
				added, err = scanStanding(row, new(writers))
				return err
			})
			return nil
		})
	})
	return added, trouble(err)
}

// addDocument writes a new document, its first attempt and its first job, in two
// messages: what the first batch holds and the owner's rank, and then the rest
// with what last adds to it. The rank's row is held from the one to the commit.
func addDocument(ctx context.Context, tx pgx.Tx, queue Queue, user core.ID, d ports.NewDocument, first *pgx.Batch, last func(*pgx.Batch) error) error {
	var place place
	queueRank(first, user, d.Pages, &place)
	if err := tx.SendBatch(ctx, first).Close(); err != nil {
		return err
	}
	batch := &pgx.Batch{}
	batch.Queue(`insert into upload_pipeline.documents
		(document_id, user_id, filename, mime, bytes_len, file_sha256, storage_key, page_count, policy_id, marks)
		values ($1, $2, $3, $4, $5, $6, $7, $8, nullif($9, ''), $10)`,
		d.ID, user, d.Name, d.ContentType, d.Size, d.SHA256[:], d.Key, d.Pages, d.PolicyID, core.SortMarks(d.Marks))
	batch.Queue(`insert into upload_pipeline.upload_jobs (job_id, document_id, user_id, attempt, status, rank, lane, traceparent)
		values ($1, $2, $3, 1, $4, $5, $6, nullif($7, ''))`,
		d.Job, d.ID, user, string(core.Uploaded), place.rank, string(place.lane), traceparent(ctx))
	batch.Queue(`delete from upload_pipeline.storage_intents where storage_key = $1`, d.Key)
	err := queue.AddWithin(ctx, tx, batch, core.Job{Stage: core.Parse, Document: d.ID, Attempt: 1, Turn: 0, Rank: place.rank})
	if err == nil {
		err = last(batch)
	}
	if err != nil {
		return err
	}
	return duplicate(tx.SendBatch(ctx, batch).Close())
}

// duplicate tells the one constraint a client can break from the others.
func duplicate(err error) error {
	if constraint(err) == "documents_content" {
		return core.Fail(core.CodeDuplicate, err)
	}
	return err
}

// Retry opens the next attempt where core.Retries lets it start.
func (l *Library) Retry(ctx context.Context, who ports.Principal, id core.ID) (ports.Standing, error) {
	now, err := l.standsAt(ctx, who, id)
	if err != nil {
		return ports.Standing{}, err
	}
	code := core.Code("")
	if now.Trouble != nil {
		code = now.Trouble.Code
	}
	start, err := retryStart(now.Status, code)
	if err != nil {
		return ports.Standing{}, err
	}
	err = l.asApp(ctx, who, func(tx pgx.Tx) error {
		if err := openAttempt(ctx, tx, l.queue, id, now.Attempt, start); err != nil {
			return err
		}
		return enterAs(ctx, tx, who, core.AuditRetry, "", id)
	})
	if err != nil {
		return ports.Standing{}, err
	}
	return l.standsAt(ctx, who, id)
}

// retryStart says where the attempt after one that ended so may start. A file
// with malware in it is removed, so there is nothing to start from.
func retryStart(ended core.Status, code core.Code) (core.Status, error) {
	start, ok := core.Retries[ended]
	switch {
	case !ok:
		return "", core.Fail(core.CodeConflict, errors.New("not at an end that can be retried"))
	case ended.Failed() && code == core.CodeFileInfected:
		return "", core.Fail(core.CodeFileInfected, nil)
	}
	return start, nil
}

// holdDocument reads the document's present attempt, and lets nobody else open
// another one, cancel or remove it before the transaction has ended. Steps of
// the pipeline are not held up: they lock the attempt's row alone.
func holdDocument(ctx context.Context, tx pgx.Tx, id core.ID) (attempt int, err error) {
	err = tx.QueryRow(ctx, `select attempt from upload_pipeline.documents where document_id = $1 for no key update`, id).Scan(&attempt)
	return attempt, err
}

// openAttempt makes the attempt after the given one, and the job of the leg it
// starts at. CodeConflict says that another was opened meanwhile.
func openAttempt(ctx context.Context, tx pgx.Tx, queue Queue, id core.ID, ended int, start core.Status) error {
	leg, _ := core.LegFrom(start)
	attempt, err := holdDocument(ctx, tx, id)
	if err != nil {
		return err
	}
	if attempt != ended {
		return core.Fail(core.CodeConflict, errors.New("another attempt was opened"))
	}
	var owner core.ID
	var pages int
	err = tx.QueryRow(ctx, `select user_id, page_count from upload_pipeline.documents where document_id = $1`, id).Scan(&owner, &pages)
	if err != nil {
		return err
	}
	var place place
	batch := &pgx.Batch{}
	queueRank(batch, owner, pages, &place)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `insert into upload_pipeline.upload_jobs (job_id, document_id, user_id, attempt, status, receipt, chunks_total, chunks_embedded, generation, rank, lane, parser, standby, traceparent)
		select $1, document_id, user_id, attempt + 1, $3, receipt, chunks_total, chunks_embedded, generation, $5, $6,
			case when $3 <> 'uploaded' then parser end, $3 <> 'uploaded' and standby, nullif($7, '')
		from upload_pipeline.upload_jobs where document_id = $2 and attempt = $4`,
		core.NewID(), id, string(start), ended, place.rank, string(place.lane), traceparent(ctx))
	if err != nil {
		return err
	}
	return queue.Insert(ctx, tx, core.Job{Stage: leg.Stage, Document: id, Attempt: ended + 1, Turn: 0, Rank: place.rank})
}

// Cancel moves the attempt to cancelled, where the Line allows that: the
// database refuses the move out of an end, and the fence every later step. What
// the parser holds of it is forgotten.
func (l *Library) Cancel(ctx context.Context, who ports.Principal, id core.ID) (ports.Standing, error) {
	err := l.asApp(ctx, who, func(tx pgx.Tx) error {
		attempt, err := holdDocument(ctx, tx, id)
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `update upload_pipeline.upload_jobs set status = 'cancelled'
			where document_id = $1 and attempt = $2 and status <> 'cancelled'`, id, attempt)
		if err == nil && tag.RowsAffected() == 0 {
			err = core.Fail(core.CodeConflict, errors.New("cancelled already"))
		}
		if err != nil {
			return err
		}
		if err := l.queue.Insert(ctx, tx, forgetting(id, attempt)); err != nil {
			return err
		}
		return enterAs(ctx, tx, who, core.AuditCancel, "", id)
	})
	if err != nil {
		return ports.Standing{}, err
	}
	return l.standsAt(ctx, who, id)
}

// Remove moves the attempt to deleting and starts the purge, in one
// transaction. A document that is being deleted already is left to it.
func (l *Library) Remove(ctx context.Context, who ports.Principal, id core.ID) error {
	return l.asApp(ctx, who, func(tx pgx.Tx) error {
		attempt, err := holdDocument(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := startPurge(ctx, tx, l.queue, id, attempt); err != nil {
			return err
		}
		return enterAs(ctx, tx, who, core.AuditDelete, "", id)
	})
}
