// Package sqlstore keeps the state of secret chats in SQLite or PostgreSQL, for bots and
// gateways that have a database anyway or run on several machines: see [gotd.Store]. For one
// process on one machine, package boltstore needs less.
//
// A [Store] has the lease of an account. It is renewed as long as the store is open, so that
// nobody else can open it; who has not renewed it in time, because it was cut off or has
// stopped, can lose it to another process, and from then on nothing of what it commits is
// written: each commit is one transaction, which first makes sure of the lease.
//
// A database holds any number of accounts, and all processes that run accounts can share one.
package sqlstore

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite", without cgo

	"github.com/mtcore/mtcore/gotd"
)

var (
	// ErrTaken says that another process has the account.
	ErrTaken = errors.New("sqlstore: another process has the account")
	// ErrLost says that this process had the account, and lost it.
	ErrLost = errors.New("sqlstore: the lease of the account is lost")
	// ErrNewer says that the database has the tables of a newer version.
	ErrNewer = errors.New("sqlstore: database of a newer version")
)

// dialect is what is not the same in all databases.
type dialect struct {
	name string
	// now is an expression for the time in milliseconds, of the database so that machines
	// need not agree.
	now string
	// lock has migrations wait for each other.
	lock string
}

var (
	sqlite   = dialect{"sqlite", "CAST(unixepoch('subsec') * 1000 AS INTEGER)", ""}
	postgres = dialect{"postgres", "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)",
		"SELECT pg_advisory_xact_lock(7305794817253214836)"}
)

// migrations make the tables what they are, one after the other. Those that were released do
// not change. BYTEA is PostgreSQL's name; SQLite takes any.
var migrations = []string{
	`CREATE TABLE mtcore_lease (
		account TEXT NOT NULL PRIMARY KEY,
		holder TEXT NOT NULL,
		fence BIGINT NOT NULL,
		expires BIGINT NOT NULL
	);
	CREATE TABLE mtcore_record (
		account TEXT NOT NULL,
		key BYTEA NOT NULL,
		value BYTEA NOT NULL,
		PRIMARY KEY (account, key)
	)`,
}

// DB is a database. Its methods may be called by several goroutines.
type DB struct {
	db *sql.DB
	d  dialect
}

// SQLite opens the database in a file, which is made if need be. Commits are on disk when
// they are over, and readers do not wait for them.
func SQLite(ctx context.Context, path string) (*DB, error) {
	db, err := sql.Open("sqlite", "file:"+escapePath(path)+
		"?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return nil, err
	}
	return prepare(ctx, db, sqlite)
}

var escaper = strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23")

func escapePath(path string) string { return escaper.Replace(path) }

// Postgres opens a database by a connection string or URL, as pgx takes it.
func Postgres(ctx context.Context, dsn string) (*DB, error) {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return nil, err
	}
	return prepare(ctx, db, postgres)
}

// prepare brings the tables up to date.
func prepare(ctx context.Context, db *sql.DB, d dialect) (*DB, error) {
	p := &DB{db, d}
	if err := p.migrate(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	return p, nil
}

func (p *DB) migrate(ctx context.Context) error {
	return p.transaction(ctx, func(tx *sql.Tx) error {
		if p.d.lock != "" {
			if _, err := tx.ExecContext(ctx, p.d.lock); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS mtcore_version (version BIGINT NOT NULL)")
		if err != nil {
			return err
		}
		var version int
		if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(version), 0) FROM mtcore_version").Scan(&version); err != nil {
			return err
		}
		if version > len(migrations) {
			return fmt.Errorf("%w: %d, this one knows %d", ErrNewer, version, len(migrations))
		}
		for ; version < len(migrations); version++ {
			if _, err := tx.ExecContext(ctx, migrations[version]); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, "INSERT INTO mtcore_version (version) VALUES ($1)", version+1); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *DB) transaction(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // nothing, after Commit
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// Close closes the database, after its stores.
func (p *DB) Close() error { return p.db.Close() }

// DefaultLease is how long a store that is not heard of keeps its account.
const DefaultLease = time.Minute

// Store is a [gotd.Store] for one account.
type Store struct {
	p       *DB
	account string
	holder  string
	fence   int64
	lease   time.Duration

	stop context.CancelFunc
	done chan struct{}

	mu   sync.Mutex
	lost error
}

var _ gotd.Store = (*Store)(nil)

// Open takes an account, by any name, or returns [ErrTaken] as long as another store has
// it, that is at most lease after that was heard of for the last time; 0 is
// [DefaultLease].
func (p *DB) Open(ctx context.Context, account string, lease time.Duration) (*Store, error) {
	if lease <= 0 {
		lease = DefaultLease
	}
	s := &Store{p: p, account: account, holder: rand.Text(), lease: lease, done: make(chan struct{})}
	err := p.db.QueryRowContext(ctx, `INSERT INTO mtcore_lease (account, holder, fence, expires)
		VALUES ($1, $2, 1, `+p.d.now+` + $3)
		ON CONFLICT (account) DO UPDATE
		SET holder = excluded.holder, fence = mtcore_lease.fence + 1, expires = excluded.expires
		WHERE mtcore_lease.expires < `+p.d.now+`
		RETURNING fence`, account, s.holder, lease.Milliseconds()).Scan(&s.fence)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrTaken
	}
	if err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	ctx, s.stop = context.WithCancel(context.Background())
	go s.keep(ctx)
	return s, nil
}

// keep renews the lease.
func (s *Store) keep(ctx context.Context) {
	defer close(s.done)
	ticker := time.NewTicker(s.lease / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			// This is not to be called off: the database might do it later. Another error may
			// pass, and if not somebody will take the account.
			ctx, cancel := context.WithTimeout(context.Background(), s.lease)
			err := s.renew(ctx, s.p.db)
			cancel()
			if errors.Is(err, ErrLost) {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// renew renews the lease, and locks its row until the end of the transaction.
func (s *Store) renew(ctx context.Context, e execer) error {
	r, err := e.ExecContext(ctx, `UPDATE mtcore_lease SET expires = `+s.p.d.now+` + $1
		WHERE account = $2 AND holder = $3 AND fence = $4`, s.lease.Milliseconds(), s.account, s.holder, s.fence)
	if err != nil {
		return err
	}
	n, err := r.RowsAffected()
	if err == nil && n == 0 {
		err = ErrLost
		s.mu.Lock()
		s.lost = err
		s.mu.Unlock()
	}
	return err
}

// Err returns [ErrLost] when the account is lost.
func (s *Store) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost
}

// Close gives the account back. The database stays open.
func (s *Store) Close() error {
	s.stop()
	<-s.done
	_, err := s.p.db.Exec("UPDATE mtcore_lease SET expires = 0 WHERE account = $1 AND holder = $2 AND fence = $3",
		s.account, s.holder, s.fence)
	return err
}

// Load implements [gotd.Store].
func (s *Store) Load(prefix []byte, f func(key, value []byte) error) error {
	query, args := "SELECT key, value FROM mtcore_record WHERE account = $1 AND key >= $2", []any{s.account, nonNil(prefix)}
	if end := after(prefix); end != nil {
		query += " AND key < $3"
		args = append(args, end)
	}
	rows, err := s.p.db.Query(query+" ORDER BY key", args...)
	if err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var key, value sql.RawBytes
		if err := rows.Scan(&key, &value); err != nil {
			return fmt.Errorf("sqlstore: %w", err)
		}
		if err := f(key, value); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	return nil
}

func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// after returns the first key after all that begin with prefix, or nil if there is none.
func after(prefix []byte) []byte {
	end := slices.Clone(prefix)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i] < 0xff {
			end[i]++
			return end[:i+1]
		}
	}
	return nil
}

// Commit implements [gotd.Store].
func (s *Store) Commit(changes []gotd.Change) error {
	if err := s.Err(); err != nil {
		return err
	}
	ctx := context.Background()
	err := s.p.transaction(ctx, func(tx *sql.Tx) error {
		if err := s.renew(ctx, tx); err != nil {
			return err
		}
		puts, removals := last(changes)
		for chunk := range slices.Chunk(removals, chunkSize) {
			if err := s.remove(ctx, tx, chunk); err != nil {
				return err
			}
		}
		for chunk := range slices.Chunk(puts, chunkSize) {
			if err := s.put(ctx, tx, chunk); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	return nil
}

// chunkSize is how many records one statement has.
const chunkSize = 200

// last returns the last change of each key.
func last(changes []gotd.Change) (puts, removals []gotd.Change) {
	at := map[string]int{}
	for i, c := range changes {
		at[string(c.Key)] = i
	}
	for i, c := range changes {
		switch {
		case at[string(c.Key)] != i:
		case c.Value == nil:
			removals = append(removals, c)
		default:
			puts = append(puts, c)
		}
	}
	byKey := func(a, b gotd.Change) int { return cmp.Compare(string(a.Key), string(b.Key)) }
	slices.SortFunc(puts, byKey) // the order of the index
	slices.SortFunc(removals, byKey)
	return puts, removals
}

func (s *Store) put(ctx context.Context, tx *sql.Tx, changes []gotd.Change) error {
	var query strings.Builder
	query.WriteString("INSERT INTO mtcore_record (account, key, value) VALUES ")
	args := []any{s.account}
	for i, c := range changes {
		if i > 0 {
			query.WriteString(", ")
		}
		fmt.Fprintf(&query, "($1, $%d, $%d)", len(args)+1, len(args)+2)
		args = append(args, c.Key, c.Value)
	}
	query.WriteString(" ON CONFLICT (account, key) DO UPDATE SET value = excluded.value")
	_, err := tx.ExecContext(ctx, query.String(), args...)
	return err
}

func (s *Store) remove(ctx context.Context, tx *sql.Tx, changes []gotd.Change) error {
	args, places := []any{s.account}, make([]string, len(changes))
	for i, c := range changes {
		args = append(args, c.Key)
		places[i] = fmt.Sprintf("$%d", len(args))
	}
	_, err := tx.ExecContext(ctx, "DELETE FROM mtcore_record WHERE account = $1 AND key IN ("+strings.Join(places, ", ")+")", args...)
	return err
}
