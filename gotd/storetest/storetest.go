// Package storetest has the tests that every [gotd.Store] must pass:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, storetest.Suite{Open: open})
//	}
//
// What happens when the process is killed in the middle of a commit is tested with the help
// of the test binary itself: see [Main].
package storetest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mtcore/mtcore/gotd"
)

// Suite is what the tests need to know of a store.
type Suite struct {
	// Open opens the store at a place, which it makes if need be, and returns how to close
	// it. The same place is opened again, after it was closed, or after the process that
	// had it open was killed.
	Open func(place string) (store gotd.Store, closeStore func() error, err error)
	// Place returns a new place, in a folder that is empty and is removed at the end of the
	// test: a file there, if it is nil.
	Place func(t *testing.T, dir string) string
	// Break, if not nil, has all connections of open stores fail, such as those to a server of
	// databases.
	Break func(t *testing.T)
	// Steal, if not nil, has another writer take over a place that is open. From then on the
	// first one must not be able to write.
	Steal func(t *testing.T, place string) (second gotd.Store, closeStore func() error)
}

// childEnv has the place for the process that is going to be killed.
const childEnv = "STORETEST_PLACE"

// Main is for TestMain. In the process that is going to be killed it commits for ever, and
// does not return.
func Main(s Suite) {
	place := os.Getenv(childEnv)
	if place == "" {
		return
	}
	store, _, err := s.Open(place)
	if err == nil {
		err = commitForever(store, os.Stdout)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// Run runs all tests.
func Run(t *testing.T, s Suite) {
	t.Run("commit", s.testCommit)
	t.Run("random", s.testRandom)
	t.Run("prefix", s.testPrefix)
	t.Run("errors", s.testErrors)
	t.Run("aliasing", s.testAliasing)
	t.Run("concurrent", s.testConcurrent)
	t.Run("kill", s.testKill)
	t.Run("many", s.testMany)
	if s.Break != nil {
		t.Run("lost connection", s.testLostConnection)
	}
	if s.Steal != nil {
		t.Run("two writers", s.testTwoWriters)
	}
}

func (s Suite) place(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if s.Place != nil {
		return s.Place(t, dir)
	}
	return dir + "/store"
}

// open opens a store for the time of the test. It may be closed before.
func (s Suite) open(t *testing.T, place string) (gotd.Store, func()) {
	t.Helper()
	store, closeStore, err := s.Open(place)
	if err != nil {
		t.Fatal(err)
	}
	closed := false
	end := func() {
		if !closed {
			closed = true
			if err := closeStore(); err != nil {
				t.Error(err)
			}
		}
	}
	t.Cleanup(end)
	return store, end
}

func set(key, value string) gotd.Change { return gotd.Change{Key: []byte(key), Value: []byte(value)} }
func del(key string) gotd.Change        { return gotd.Change{Key: []byte(key)} }

func contents(t *testing.T, s gotd.Store, prefix string) map[string]string {
	t.Helper()
	got := map[string]string{}
	last := ""
	err := s.Load([]byte(prefix), func(key, value []byte) error {
		if len(got) > 0 && string(key) <= last {
			t.Errorf("key %q comes after %q", key, last)
		}
		last = string(key)
		got[last] = string(value)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func want(t *testing.T, s gotd.Store, prefix string, records map[string]string) {
	t.Helper()
	if got := contents(t, s, prefix); !maps.Equal(got, records) {
		t.Errorf("got records %q, want %q", got, records)
	}
}

func commit(t *testing.T, s gotd.Store, changes ...gotd.Change) {
	t.Helper()
	if err := s.Commit(changes); err != nil {
		t.Fatal(err)
	}
}

// testCommit: what was committed is there when the store is opened again, and nothing else.
func (s Suite) testCommit(t *testing.T) {
	place := s.place(t)
	store, end := s.open(t, place)
	want(t, store, "", map[string]string{})
	commit(t, store, set("1", "one"), set("2", "two"))
	commit(t, store, set("1", "uno"), del("2"), set("3", "tre"))
	commit(t, store, del("4")) // which does not exist
	commit(t, store)
	commit(t, store, set("5", "a"), set("5", "b"), set("6", "c"), del("6"), del("7"), set("7", "d")) // in order
	records := map[string]string{"1": "uno", "3": "tre", "5": "b", "7": "d"}
	want(t, store, "", records)
	end()
	store, _ = s.open(t, place)
	want(t, store, "", records)
}

// testRandom compares the store with a map.
func (s Suite) testRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	place := s.place(t)
	store, end := s.open(t, place)
	model := map[string]string{}
	for i := range 60 {
		var changes []gotd.Change
		for range r.IntN(20) {
			key := strings.Repeat(string(rune('a'+r.IntN(4))), 1+r.IntN(3))
			if r.IntN(3) == 0 {
				changes = append(changes, del(key))
				delete(model, key)
				continue
			}
			value := make([]byte, 1+r.IntN(2000))
			for i := range value {
				value[i] = byte(r.Uint32())
			}
			changes = append(changes, gotd.Change{Key: []byte(key), Value: value})
			model[key] = string(value)
		}
		commit(t, store, changes...)
		if i%10 == 9 {
			end()
			store, end = s.open(t, place)
		}
		want(t, store, "", model)
	}
}

// testPrefix: keys and values are any bytes, and come in order.
func (s Suite) testPrefix(t *testing.T) {
	store, _ := s.open(t, s.place(t))
	keys := []string{"a", "a\x00", "ab", "a\xff", "a\xff\xff", "b", "\x00", "\xff", "\xff\xff", "ä", "A", "a%", "a_"}
	all := map[string]string{}
	for i, key := range keys {
		value := strings.Repeat("\x00\xff'", i+1)
		all[key] = value
		commit(t, store, set(key, value))
	}
	for _, prefix := range append(keys, "", "c", "a\xff\xff\xff", "\xff\xff\xff") {
		records := maps.Clone(all)
		maps.DeleteFunc(records, func(key, _ string) bool { return !strings.HasPrefix(key, prefix) })
		want(t, store, prefix, records)
	}
	large := strings.Repeat("x", 1<<20)
	commit(t, store, set("large", large))
	want(t, store, "large", map[string]string{"large": large})
}

// testErrors: the error of Load is the caller's, and ends it.
func (s Suite) testErrors(t *testing.T) {
	store, _ := s.open(t, s.place(t))
	commit(t, store, set("1", "one"), set("2", "two"))
	failure, calls := errors.New("no"), 0
	err := store.Load(nil, func(_, _ []byte) error {
		calls++
		return failure
	})
	if !errors.Is(err, failure) || calls != 1 {
		t.Errorf("got %v after %d calls, want %v after one", err, calls, failure)
	}
	commit(t, store, set("3", "three")) // as if nothing had happened
	want(t, store, "3", map[string]string{"3": "three"})
}

// testAliasing: the store keeps no slices of its caller.
func (s Suite) testAliasing(t *testing.T) {
	store, _ := s.open(t, s.place(t))
	key, value := []byte("key"), []byte("value")
	commit(t, store, gotd.Change{Key: key, Value: value})
	clear(key)
	clear(value)
	want(t, store, "", map[string]string{"key": "value"})
}

// testConcurrent: records may be loaded while others are committed, and what is loaded is
// from between two commits.
func (s Suite) testConcurrent(t *testing.T) {
	store, _ := s.open(t, s.place(t))
	commit(t, store, set("a", "0"), set("b", "0"))
	var g sync.WaitGroup
	end := make(chan struct{})
	for range 3 {
		g.Go(func() {
			for {
				got := contents(t, store, "")
				if got["a"] != got["b"] {
					t.Errorf("got %q, which is half of a commit", got)
				}
				select {
				case <-end:
					return
				default:
				}
			}
		})
	}
	for i := range 50 {
		commit(t, store, set("a", strconv.Itoa(i)), set("b", strconv.Itoa(i)))
	}
	close(end)
	g.Wait()
}

// Commits of the process that is killed have several records with the same number, each.
const killRecords = 20

func commitForever(store gotd.Store, w io.Writer) error {
	n := 0
	err := store.Load([]byte("000"), func(_, value []byte) (err error) {
		n, err = strconv.Atoi(string(bytes.TrimRight(value, "x")))
		return err
	})
	for err == nil {
		n++
		var changes []gotd.Change
		for i := range killRecords {
			changes = append(changes, set(fmt.Sprintf("%03d", i), fmt.Sprint(n, strings.Repeat("x", 3000))))
		}
		if err = store.Commit(changes); err == nil {
			_, err = fmt.Fprintln(w, n)
		}
	}
	return err
}

// testKill: a commit that has returned is there after kill -9, and one that has not is there
// as a whole or not at all.
func (s Suite) testKill(t *testing.T) {
	place := s.place(t)
	last := 0
	for range 5 {
		last = s.killOnce(t, place, last)
	}
}

func (s Suite) killOnce(t *testing.T, place string, last int) int {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childEnv+"="+place)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for enough := last + 5 + rand.IntN(5); last < enough && lines.Scan(); {
		if last, err = strconv.Atoi(lines.Text()); err != nil {
			t.Fatalf("the child says %q: does TestMain call storetest.Main?", lines.Text())
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() { // what it said before it was killed
		if last, err = strconv.Atoi(lines.Text()); err != nil {
			t.Fatal(err)
		}
	}
	cmd.Wait()
	if last == 0 {
		t.Fatal("the child has committed nothing")
	}
	store, end := s.openSoon(t, place)
	defer end()
	got := contents(t, store, "")
	if len(got) != killRecords {
		t.Fatalf("got %d records, want %d", len(got), killRecords)
	}
	numbers := slices.Compact(slices.Sorted(maps.Values(got)))
	n, err := strconv.Atoi(strings.TrimRight(numbers[0], "x"))
	if err != nil || len(numbers) != 1 || n < last || n > last+1 {
		t.Fatalf("there is number %d, %d different ones; %d was committed", n, len(numbers), last)
	}
	return n
}

// openSoon opens a place that a process had open which is no more: it may take a while until
// that is known.
func (s Suite) openSoon(t *testing.T, place string) (gotd.Store, func()) {
	t.Helper()
	var err error
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		var store gotd.Store
		var closeStore func() error
		if store, closeStore, err = s.Open(place); err == nil {
			return store, func() {
				if err := closeStore(); err != nil {
					t.Error(err)
				}
			}
		}
	}
	t.Fatal(err)
	panic("unreachable")
}

// testMany: as many records as 10,000 chats have.
func (s Suite) testMany(t *testing.T) {
	const chats = 10_000
	place := s.place(t)
	store, end := s.open(t, place)
	for i := 0; i < chats; i += 500 {
		var changes []gotd.Change
		for j := range 500 {
			changes = append(changes, set(fmt.Sprintf("c%08x", i+j), strings.Repeat("c", 200)),
				set(fmt.Sprintf("s%08x", i+j), strings.Repeat("s", 1000)))
		}
		commit(t, store, changes...)
	}
	end()
	store, _ = s.open(t, place)
	n := 0
	err := store.Load(nil, func(_, _ []byte) error {
		n++
		return nil
	})
	if err != nil || n != 2*chats {
		t.Errorf("got %d records, %v, want %d", n, err, 2*chats)
	}
	want(t, store, "c00000000", map[string]string{"c00000000": strings.Repeat("c", 200)})
}

// testLostConnection: what fails has an error, and later calls work.
func (s Suite) testLostConnection(t *testing.T) {
	store, _ := s.open(t, s.place(t))
	commit(t, store, set("1", "one"))
	s.Break(t)
	n := 0
	for end := time.Now().Add(time.Minute); ; n++ {
		if err := store.Commit([]gotd.Change{set("2", "two")}); err == nil {
			break
		} else if time.Now().After(end) {
			t.Fatal(err)
		}
	}
	want(t, store, "", map[string]string{"1": "one", "2": "two"})
}

// testTwoWriters: who has lost the place can write nothing.
func (s Suite) testTwoWriters(t *testing.T) {
	place := s.place(t)
	first, closeFirst, err := s.Open(place)
	if err != nil {
		t.Fatal(err)
	}
	defer closeFirst() // which may say that it was lost
	commit(t, first, set("1", "first"))
	if _, closeStore, err := s.Open(place); err == nil {
		closeStore()
		t.Error("a place is open twice")
	}
	second, closeSecond := s.Steal(t, place)
	defer closeSecond()
	commit(t, second, set("2", "second"))
	if err := first.Commit([]gotd.Change{set("1", "again"), set("3", "first")}); err == nil {
		t.Error("who has lost the place has written")
	}
	want(t, second, "", map[string]string{"1": "first", "2": "second"})
}
