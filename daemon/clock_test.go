package daemon

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestSimulatedClock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "clock")
	set := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	set("2026-01-05T09:00:00Z\n")
	var told bytes.Buffer
	now, err := Clock(path, Terminal{Err: &told}.Logger())
	if err != nil {
		t.Fatal(err)
	}
	expect := func(want string) {
		t.Helper()
		if got := now().UTC().Format(time.RFC3339); got != want {
			t.Errorf("the time is %s, want %s", got, want)
		}
	}
	expect("2026-01-05T09:00:00Z")
	set("2026-02-05T09:00:00Z\n")
	expect("2026-02-05T09:00:00Z")
	set("soon\n")
	expect("2026-02-05T09:00:00Z")
	expect("2026-02-05T09:00:00Z")
	if n := strings.Count(told.String(), "simulated time stands still"); n != 1 {
		t.Errorf("it was said %d times that time stands still", n)
	}
	set("2026-03-05T09:00:00Z")
	expect("2026-03-05T09:00:00Z")
	set("not a time")
	if _, err := Clock(path, nil); err == nil {
		t.Error("a clock that tells no time is taken")
	}
}
