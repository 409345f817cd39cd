package storetest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/store"
)

// The environment of a child: what to open, and with which statement to begin.
const (
	childName  = "STORETEST_CHILD_NAME"
	childFirst = "STORETEST_CHILD_FIRST"
)

// Main is the TestMain of a package that calls Run: it runs the tests, or, in
// the processes that the suite starts in order to kill them, the victim.
func Main(m *testing.M, h Harness) {
	name, ok := os.LookupEnv(childName)
	if !ok {
		os.Exit(m.Run())
	}
	first, err := strconv.ParseUint(os.Getenv(childFirst), 10, 64)
	if err == nil {
		err = victim(context.Background(), h, name, first, os.Stdout)
	}
	fmt.Fprintln(os.Stderr, "storetest: victim:", err)
	os.Exit(1)
}

// victim queues, sequences and erases without end. After each call it says what was
// acknowledged: "queued N" (all below N are), "sequenced N" (N records) or "erased N"
// (the texts of every ninth record below N).
func victim(ctx context.Context, h Harness, name string, n uint64, out io.Writer) error {
	s, err := h.Open(ctx, name)
	if err != nil {
		return err
	}
	epoch, err := s.Fence(ctx)
	if err != nil {
		return err
	}
	erased, _, err := s.Size(ctx) // what was there before is another's
	if err != nil {
		return err
	}
	for round := 0; ; round++ {
		next := n + 1 + rand.Uint64N(60)
		if _, err := s.Enqueue(ctx, submissions(n, next)); err != nil {
			return err
		}
		n = next
		fmt.Fprintf(out, "queued %d\n", n)
		if round%2 == 0 {
			continue
		}
		size, last, err := s.Size(ctx)
		if err != nil {
			return err
		}
		q, err := s.Queued(ctx, 0, 1+rand.IntN(120))
		if err != nil {
			return err
		}
		var (
			records []store.Record
			done    []int64
		)
		for _, sub := range q {
			records = append(records, record(size, last, sub))
			done = append(done, sub.Queue)
			size++
		}
		if err := s.Sequence(ctx, epoch, records, done); err != nil {
			return err
		}
		fmt.Fprintf(out, "sequenced %d\n", size)
		for ; erased < size; erased++ {
			for _, t := range toErase(erased) {
				if err := s.Erase(ctx, t.Digest); err != nil {
					return err
				}
			}
		}
		fmt.Fprintf(out, "erased %d\n", erased)
	}
}

// toErase are the texts of record n that a victim erases.
func toErase(n uint64) []store.Text {
	if n%9 != 0 {
		return nil
	}
	return Submission(n).Texts
}

// testKilled kills a process in the middle of its writes, again and again on
// one database, and looks for everything it had acknowledged.
func testKilled(t *testing.T, h Harness) {
	name := h.New(t)
	s := h.open(t, name) // the survivor's handle stays open throughout
	var queued, sequenced, erased uint64
	for range 8 {
		first := must(s.Size(t.Context())) // the child erases from there on
		q, z, e := killOne(t, name, queued)
		queued, sequenced = max(queued, q), max(sequenced, z)

		size, _, err := s.Size(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if size < sequenced {
			t.Fatalf("%d records, %d were acknowledged", size, sequenced)
		}
		records, err := s.Records(t.Context(), 0, int(size)+1)
		if err != nil || uint64(len(records)) != size {
			t.Fatalf("%d records of %d, %v", len(records), size, err)
		}
		// The victim sequences in order, so statement n is record n or queued.
		for i, r := range records {
			if !sameRecord(r, record(uint64(i), 0, Submission(uint64(i)))) {
				t.Fatalf("record %d is not what was written", i)
			}
		}
		// What was erased is gone, and nothing else is.
		for n := first; n < size; n++ {
			for _, text := range Submission(n).Texts {
				got, ok, err := s.Text(t.Context(), text.Digest)
				isErased, mayBe := n < e && n%9 == 0, n%9 == 0
				if err != nil || ok && (isErased || !bytes.Equal(got, text.Bytes)) || !ok && !mayBe {
					t.Fatalf("text of record %d, erased %v: %v, %v", n, isErased, ok, err)
				}
			}
		}
		erased = max(erased, e)
		waiting := mustQueued(t, s, 0, 1<<20)
		for i, sub := range waiting {
			if !sameSubmission(sub, Submission(size+uint64(i))) {
				t.Fatalf("place %d of the queue is not what was written", i)
			}
		}
		if end := size + uint64(len(waiting)); end < queued {
			t.Fatalf("%d statements are there, %d were acknowledged", end, queued)
		} else {
			queued = end // what was written without an answer may be there too
		}
	}
	if sequenced == 0 || erased == 0 {
		t.Fatal("no child came so far as to sequence and erase: the test tested nothing")
	}
	reopened := h.open(t, name)
	wantSize(t, reopened, must(s.Size(t.Context())), 0)
}

func must(size uint64, _ int64, err error) uint64 {
	if err != nil {
		panic(err)
	}
	return size
}

// killOne runs a victim, kills it at a random moment and returns what it had
// acknowledged.
func killOne(t *testing.T, name string, first uint64) (queued, sequenced, erased uint64) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childName+"="+name, childFirst+"="+strconv.FormatUint(first, 10))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	killed := false
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		var what string
		var size uint64
		if _, err := fmt.Sscanf(lines.Text(), "%s %d", &what, &size); err != nil {
			t.Fatalf("child said %q", lines.Text())
		}
		switch what {
		case "queued":
			queued = size
		case "sequenced":
			sequenced = size
		case "erased":
			erased = size
		}
		if n == 5 {
			// Not in step with the lines: it shall die inside a call.
			killed = true
			time.AfterFunc(time.Duration(rand.IntN(40_000))*time.Microsecond, func() { cmd.Process.Kill() })
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || !killed || exit.Exited() {
		t.Fatalf("child ended by itself: %v", err)
	}
	return queued, sequenced, erased
}
