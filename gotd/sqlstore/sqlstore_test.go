package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mtcore/mtcore/gotd"
	"github.com/mtcore/mtcore/gotd/storetest"
	"github.com/mtcore/mtcore/internal/impltest"
)

// testLease is that of processes which are killed, so that nobody has to wait for long.
const testLease = 300 * time.Millisecond

// A place is "sqlite", a path and an account, or "postgres", a connection string and an
// account, with tabs between.

func openDB(place string) (db *DB, account string, err error) {
	kind, rest, _ := strings.Cut(place, "\t")
	where, account, _ := strings.Cut(rest, "\t")
	if kind == "sqlite" {
		db, err = SQLite(context.Background(), where)
	} else {
		db, err = Postgres(context.Background(), where)
	}
	return db, account, err
}

func openWith(place string, lease time.Duration) (gotd.Store, func() error, error) {
	db, account, err := openDB(place)
	if err != nil {
		return nil, nil, err
	}
	s, err := db.Open(context.Background(), account, lease)
	if err != nil {
		db.Close()
		return nil, nil, err
	}
	return s, func() error { return errors.Join(s.Close(), db.Close()) }, nil
}

// open has a lease that no test outlives, however busy the machine is.
func open(place string) (gotd.Store, func() error, error) { return openWith(place, time.Hour) }

func openForChild(place string) (gotd.Store, func() error, error) {
	return openWith(place, testLease)
}

func TestMain(m *testing.M) {
	storetest.Main(storetest.Suite{Open: openForChild})
	code := m.Run()
	stopPostgres()
	os.Exit(code)
}

// steal takes the account of a store that has not been heard of for longer than its lease,
// as the time of the database tells it.
func steal(t *testing.T, place string) (gotd.Store, func() error) {
	t.Helper()
	db, account, err := openDB(place)
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := db.db.Exec("UPDATE mtcore_lease SET expires = 1 WHERE account = $1", account); err != nil {
			t.Fatal(err)
		}
		s, err := db.Open(t.Context(), account, DefaultLease)
		if errors.Is(err, ErrTaken) {
			continue // the first has renewed its lease just now
		}
		if err != nil {
			t.Fatal(err)
		}
		return s, func() error { return errors.Join(s.Close(), db.Close()) }
	}
}

func TestSQLite(t *testing.T) {
	place := func(_ *testing.T, dir string) string { return "sqlite\t" + filepath.Join(dir, "a%b?.db") + "\tme" }
	storetest.Run(t, storetest.Suite{Open: open, Place: place, Steal: steal})
	t.Run("accounts", func(t *testing.T) { testAccounts(t, place(t, t.TempDir())) })
	t.Run("newer", func(t *testing.T) { testNewer(t, place(t, t.TempDir())) })
}

func TestPostgres(t *testing.T) {
	dsn := startPostgres(t)
	n := 0
	place := func(*testing.T, string) string {
		n++
		return fmt.Sprint("postgres\t", dsn, "\taccount ", n)
	}
	breakAll := func(t *testing.T) {
		db, err := sql.Open("pgx", dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.Exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"); err != nil {
			t.Fatal(err)
		}
	}
	storetest.Run(t, storetest.Suite{Open: open, Place: place, Steal: steal, Break: breakAll})
	t.Run("accounts", func(t *testing.T) { testAccounts(t, place(t, "")) })
	t.Run("newer", func(t *testing.T) { testNewer(t, place(t, "")) }) // the last: it spoils the database
}

// testAccounts: those in one database have nothing to do with each other; one that is open
// is taken, and one that was closed is free at once.
func testAccounts(t *testing.T, place string) {
	db, account, err := openDB(place)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	a, err := db.Open(t.Context(), account, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	b, err := db.Open(t.Context(), account+" of somebody else", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if err := a.Commit([]gotd.Change{{Key: []byte("1"), Value: []byte("one")}}); err != nil {
		t.Fatal(err)
	}
	err = b.Load(nil, func(key, _ []byte) error {
		t.Errorf("record %q of another account", key)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if _, err := db.Open(t.Context(), account, time.Hour); !errors.Is(err, ErrTaken) {
		t.Errorf("open twice: got %v, want %v", err, ErrTaken)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := db.Open(t.Context(), account, testLease)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Commit([]gotd.Change{{Key: []byte("1")}}); !errors.Is(err, ErrLost) {
		t.Errorf("after Close: got %v, want %v", err, ErrLost)
	}
	// A store that does nothing keeps its lease.
	first := expiry(t, db, account)
	for end := time.Now().Add(time.Minute); expiry(t, db, account) == first; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the lease is not renewed")
		}
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

// expiry returns when the lease of an account ends, as the database has it.
func expiry(t *testing.T, db *DB, account string) (at int64) {
	t.Helper()
	if err := db.db.QueryRow("SELECT expires FROM mtcore_lease WHERE account = $1", account).Scan(&at); err != nil {
		t.Fatal(err)
	}
	return at
}

// testNewer: a database of a newer version is left alone.
func testNewer(t *testing.T, place string) {
	db, _, err := openDB(place)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.db.Exec("INSERT INTO mtcore_version (version) VALUES (99)"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := open(place); !errors.Is(err, ErrNewer) {
		t.Errorf("got %v, want %v", err, ErrNewer)
	}
}

// The server of the tests, which has no network but a socket of its own.
var postgresServer struct {
	cmd *exec.Cmd
	dir string
}

// startPostgres starts PostgreSQL with an empty database, if it is installed, and returns how
// to connect.
func startPostgres(t *testing.T) (dsn string) {
	t.Helper()
	bin, err := findPostgres()
	if err != nil {
		impltest.SkipWithout(t, "postgres")
	}
	dir, err := os.MkdirTemp("", "postgres")
	if err != nil {
		t.Fatal(err)
	}
	postgresServer.dir = dir
	var as *syscall.Credential
	if os.Getuid() == 0 {
		// The server does not run as root.
		u, err := user.Lookup("postgres")
		if err != nil {
			u, err = user.Lookup("nobody")
		}
		if err != nil {
			t.Fatal(err)
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		if err := os.Chown(dir, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	data := filepath.Join(dir, "data")
	command := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(bin, name), args...)
		cmd.Dir, cmd.SysProcAttr = dir, &syscall.SysProcAttr{Credential: as}
		return cmd
	}
	if out, err := command("initdb", "-D", data, "-U", "test", "-A", "trust", "-E", "UTF8", "--no-sync").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := command("postgres", "-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "max_connections=50")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	postgresServer.cmd = cmd
	dsn = "host=" + dir + " user=test dbname=postgres sslmode=disable"
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("unix", filepath.Join(dir, ".s.PGSQL.5432"))
		if err == nil {
			conn.Close()
			var db *sql.DB
			if db, err = sql.Open("pgx", dsn); err == nil {
				err = db.Ping()
				db.Close()
			}
		}
		if err == nil {
			return dsn
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

func stopPostgres() {
	if postgresServer.cmd != nil {
		postgresServer.cmd.Process.Signal(os.Interrupt)
		postgresServer.cmd.Wait()
	}
	if postgresServer.dir != "" {
		os.RemoveAll(postgresServer.dir)
	}
}

// findPostgres returns the folder of the server's programs, which Debian keeps out of PATH.
func findPostgres() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		path, err = filepath.EvalSymlinks(path)
		return filepath.Dir(path), err
	}
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(dirs) == 0 {
		return "", exec.ErrNotFound
	}
	return filepath.Dir(dirs[len(dirs)-1]), nil
}
