package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/mtcore/mtcore/secretchat"
)

// TestJournal: wherever a crash cuts off the file, the records are those after one of the
// commits, and the journal can be continued.
func TestJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j, err := openJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	commit := func(changes ...secretchat.Change) {
		t.Helper()
		if err := j.Commit(1, changes); err != nil {
			t.Fatal(err)
		}
	}
	value := func(size, i int) []byte { return bytes.Repeat([]byte{byte(i)}, size) }
	key := func(i int) []byte { return fmt.Appendf(nil, "key %d", i) }

	// The records for each size of the file after a commit.
	after := map[int64]map[string][]byte{}
	for i := range 7 {
		changes := []secretchat.Change{{Key: []byte("head"), Value: value(30, i)}, {Key: key(i), Value: value(i, i)}}
		if i > 3 {
			changes = append(changes, secretchat.Change{Key: key(i - 3)})
		}
		commit(changes...)
		after[j.size] = maps.Clone(j.records)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var want map[string][]byte
	found := 0
	for n := range whole {
		if records, ok := after[int64(n)]; ok {
			want = records
			found++
		} else if n%4 != 1 {
			continue // Each costs three writes to a disk.
		}
		if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if j, err = openJournal(path); err != nil {
			t.Fatal(err)
		}
		if !maps.EqualFunc(j.records, want, bytes.Equal) {
			t.Fatalf("%d bytes of %d: %d records, want %d", n, len(whole), len(j.records), len(want))
		}
		commit(secretchat.Change{Key: []byte("more"), Value: value(5, n)})
		again, err := openJournal(path)
		if err != nil {
			t.Fatal(err)
		}
		if !maps.EqualFunc(j.records, again.records, bytes.Equal) {
			t.Fatalf("%d bytes of %d, and a commit: %d records, want %d", n, len(whole), len(again.records), len(j.records))
		}
		if err := again.close(); err != nil {
			t.Fatal(err)
		}
		if err := j.close(); err != nil {
			t.Fatal(err)
		}
	}
	if found != 6 {
		t.Errorf("%d commits, want 6", found)
	}

	// The journal does not grow without bound.
	if j, err = openJournal(path); err != nil {
		t.Fatal(err)
	}
	for i := range 30 {
		commit(secretchat.Change{Key: key(1), Value: value(100_000, i)})
	}
	if j.size > 2<<20 {
		t.Errorf("%d bytes for one record of 100000", j.size)
	}
	again, err := openJournal(path)
	if err != nil || !maps.EqualFunc(j.records, again.records, bytes.Equal) {
		t.Errorf("rewritten: %d records, want %d, %v", len(again.records), len(j.records), err)
	}
	if err := again.close(); err != nil {
		t.Error(err)
	}
	var all []secretchat.Change
	for key := range j.records {
		all = append(all, secretchat.Change{Key: []byte(key)})
	}
	commit(all...)
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the file of a chat that is over is there: %v", err)
	}
	commit(all...) // nothing to remove
}

// TestJournalFails: after a commit that has failed, with half of it on the disk, the journal is good for
// nothing until it is opened again. Then the commits before are there, and it can be continued.
func TestJournalFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j, err := openJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	commit := func(value string) error {
		return j.Commit(1, []secretchat.Change{{Key: []byte("head"), Value: []byte(value)}})
	}
	stored := func() (got string) {
		for _, value := range j.all {
			got += string(value)
		}
		return got
	}
	if err := commit("first"); err != nil {
		t.Fatal(err)
	}
	good := j.file
	if _, err := good.Write(appendCommit(nil, []secretchat.Change{{Key: []byte("head")}})[:5]); err != nil {
		t.Fatal(err)
	}
	if j.file, err = os.Open(path); err != nil { // only to be read, which is as good as a full disk
		t.Fatal(err)
	}
	if err := commit("second"); err == nil {
		t.Fatal("a commit to a file that is only to be read")
	}
	if err := j.close(); err != nil {
		t.Fatal(err)
	}
	j.file = good
	if err := commit("second"); err == nil {
		t.Error("a commit after one that has failed")
	}
	if err := j.close(); err != nil {
		t.Fatal(err)
	}
	if got := stored(); got != "" {
		t.Errorf("after an error there is %q", got)
	}
	for _, want := range []string{"first", "third"} {
		if j, err = openJournal(path); err != nil {
			t.Fatal(err)
		}
		if got := stored(); got != want {
			t.Errorf("opened again, there is %q, want %q", got, want)
		}
		if err := commit("third"); err != nil {
			t.Fatal(err)
		}
		if err := j.close(); err != nil {
			t.Fatal(err)
		}
	}
}
