package main

import (
	"bytes"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

// Wherever the connection breaks, and however: the next run ends with exactly one slot
// of the period in the log, the one whose private file is here.
func TestSlotOnAWreckedConnection(t *testing.T) {
	m := newMember(t)
	week := entry.SlotPeriodAt(entry.SlotsWeek, mustTime(t, "2026-01-05T10:00:00Z"))
	step := func(how breakage, at int) (requests int) {
		t.Helper()
		week = week.Next()
		m.clock(entry.FormatTime(week.Start() + 3600))
		if at%2 == 0 {
			m.file("request.yaml", "author: acme\nreceived: 2026-01\ncountry: XB\nassist: [keys]\n")
			m.must("new", "request", "--from", "request.yaml", "--policy", "policy.txt", "--simulated-clock", "clock", "--for-slot", "slots", "--safe", "acme.safe.pub")
		}
		before := len(m.slots())
		m.wire.sent()
		// It stays broken: trying again does not help.
		m.wire.cut = func(n int, r *http.Request) breakage {
			if n >= at {
				return how
			}
			return whole
		}
		code, stdout, stderr := m.run(slotRun...)
		m.wire.cut = nil
		_, lines := m.wire.sent()
		if code == commandline.ExitDone {
			return len(lines)
		}
		// A half of an answer that is no answer may be refused.
		if code != commandline.ExitUndecided && how != halfAnswer {
			t.Errorf("%d at request %d: exit %d\n%s%s", how, at, code, stdout, stderr)
		}
		private := filepath.Join("slots", "acme-slot-"+week.String()+".json")
		var first []byte
		if exists(private) {
			first = mustRead(t, private)
		}
		if code, stdout, stderr := m.run(slotRun...); code != commandline.ExitDone {
			t.Fatalf("%d at request %d, the next run: exit %d\n%s%s", how, at, code, stdout, stderr)
		}
		if first != nil && !bytes.Equal(first, mustRead(t, private)) {
			t.Errorf("%d at request %d: another slot was made", how, at)
		}
		file, err := parseSlotFile(mustRead(t, private))
		if err != nil {
			t.Fatal(err)
		}
		logged := m.slots()
		if len(logged) != before+1 || logged[before].ID != file.statement.ID {
			t.Errorf("%d at request %d: the log has %d slots more", how, at, len(logged)-before)
		}
		return 0
	}
	total := step(whole, 1000)
	for _, how := range []breakage{neverSent, noAnswer, halfAnswer} {
		for at := range total {
			step(how, at)
		}
	}
	if got := m.folder(); len(got.slots) != len(m.slots()) || len(got.waiting(got.slots[0].statement.Log)) > 0 {
		t.Errorf("%d slots here and %d in the log, or a commitment that still waits", len(got.slots), len(m.slots()))
	}
	if got := files(t, filepath.Join(m.dir, "temp")); len(got) > 0 {
		t.Errorf("temporary files were left: %q", got)
	}
	for _, name := range files(t, filepath.Join(m.dir, "slots")) {
		if strings.HasPrefix(name, ".") {
			t.Errorf("%s was left", name)
		}
	}
}

func (m *member) folder() *slotFolder {
	m.t.Helper()
	f, err := readSlots("slots", "acme")
	if err != nil {
		m.t.Fatal(err)
	}
	return f
}

func mustTime(t *testing.T, s string) int64 {
	t.Helper()
	unix, err := entry.ParseTime(s)
	if err != nil {
		t.Fatal(err)
	}
	return unix
}

// What goes over the wire is the same for a full slot, an empty one and one of 64:
// the same requests, of the same sizes.
func TestSlotsLookAlikeOnTheWire(t *testing.T) {
	m := newMember(t)
	request := "author: acme\nreceived: 2026-01\ncountry: XB\nassist: [keys]\n"
	m.file("request.yaml", request)
	commit := func(n int) {
		t.Helper()
		for range n {
			m.must("new", "request", "--from", "request.yaml", "--policy", "policy.txt", "--simulated-clock", "clock", "--for-slot", "slots", "--safe", "acme.safe.pub")
		}
		if _, lines := m.wire.sent(); len(lines) > 0 {
			t.Fatalf("a request that waits for its slot was told of: %q", lines)
		}
	}
	var shapes []string
	// The numbers of statements have two digits each time, from seq 10 on.
	week := entry.SlotPeriodAt(entry.SlotsWeek, mustTime(t, "2026-01-05T10:00:00Z"))
	for i, full := range []int{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 64, 3, 0} {
		week = week.Next()
		m.clock(entry.FormatTime(week.Start() + 3600))
		commit(full)
		m.must(slotRun...)
		heard, lines := m.wire.sent()
		for i, l := range lines {
			if j := strings.Index(l, "tile/entries"); j >= 0 {
				lines[i] = l[:j] // the newest bundle's width grows with the log
			}
		}
		if i < 9 {
			continue
		}
		at := bytes.Index(heard, []byte(`{"statement":`))
		shapes = append(shapes, fmt.Sprintf("%d requests, %d bytes of statement, %s", len(lines), len(heard[at:]), lines[len(lines)-1]))
	}
	if n := len(slices.Compact(slices.Clone(shapes))); n != 1 {
		t.Errorf("they differ:\n%s", strings.Join(shapes, "\n"))
	}
	if got := m.folder(); len(got.commitments) != 68 || len(got.waiting(got.slots[0].statement.Log)) > 0 {
		t.Errorf("%d commitments, or one that waits", len(got.commitments))
	}
}

// Two timers at once make one slot.
func TestSlotRunsAtOnce(t *testing.T) {
	m := newMember(t)
	type outcome struct {
		code int
		text string
	}
	done := make(chan outcome, 4)
	for range cap(done) {
		go func() {
			var out bytes.Buffer
			a := newApp(strings.NewReader(""), &out, &out)
			code := a.run(t.Context(), slotRun)
			done <- outcome{code, out.String()}
		}()
	}
	for range cap(done) {
		if o := <-done; o.code != commandline.ExitDone && o.code != commandline.ExitUndecided && !strings.Contains(o.text, "is logged") {
			t.Errorf("exit %d\n%s", o.code, o.text)
		}
	}
	m.must(slotRun...)
	if got := m.folder(); len(m.slots()) != 1 || len(got.slots) != 1 || got.slots[0].statement.ID != m.slots()[0].ID || !got.slots[0].logged {
		t.Errorf("%d slots in the log, %d here", len(m.slots()), len(got.slots))
	}
}

// After the kind of period was changed two may run at once, and sometimes none.
func TestRunningSlotPeriods(t *testing.T) {
	m := newMember(t)
	m.file("amend.yaml", "from: 2026-01-14\nslots: day\n")
	m.draft("amend", "")
	m.log("secretariat-amend-3", "sec1")
	for _, c := range []struct{ at, want string }{
		{"2026-01-13T23:00:00Z", "2026-W03"},
		{"2026-01-14T01:00:00Z", "2026-W03 2026-01-14"},
		{"2026-01-19T01:00:00Z", "2026-01-19"},
	} {
		m.clock(c.at)
		before := len(m.slots())
		m.must(slotRun...)
		var got []string
		for _, s := range m.slots()[before:] {
			got = append(got, s.Body.(*entry.Slot).Period)
		}
		want := strings.Fields(c.want)
		if before > 0 && want[0] == "2026-W03" {
			want = want[1:] // made the day before
		}
		if !slices.Equal(got, want) {
			t.Errorf("at %s slots of %q were made, not %q", c.at, got, want)
		}
	}
	m.file("amend.yaml", "from: 2026-01-20\nslots: none\n")
	m.draft("amend", "")
	m.log("secretariat-amend-4", "sec1")
	m.clock("2026-01-20T01:00:00Z")
	if code, _, stderr := m.run(slotRun...); code != commandline.ExitRefused || !strings.Contains(stderr, "asks for no slots now") {
		t.Errorf("exit %d\n%s", code, stderr)
	}
	m.file("amend.yaml", "from: 2026-01-21\nends: {}\n")
	m.draft("amend", "")
	m.log("secretariat-amend-5", "sec1")
	m.clock("2026-01-21T01:00:00Z")
	if code, _, stderr := m.run(slotRun...); code != commandline.ExitRefused || !strings.Contains(stderr, "the log has ended") {
		t.Errorf("exit %d\n%s", code, stderr)
	}
}
