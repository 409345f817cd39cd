package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier"
)

// TestKilled kills the real program with kill -9 while it audits a growing log with
// a state, at random moments. Whatever the moment, the next audit goes on from a
// state that is whole, repeats what was not kept and skips nothing: in the end its
// report is that of an audit of the whole log.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	program := program(t)
	w := generator.New(generator.Options{Seed: 14, Signatories: 6, Lapses: 100, Mix: generator.Everyday})
	if err := w.Story(2500); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "policy.txt"), w.Policy.Marshal(), 0o600); err != nil {
		t.Fatal(err)
	}
	audit := func(log string, more ...string) *exec.Cmd {
		cmd := exec.Command(program, append([]string{"audit", "--json", "--policy", "policy.txt", "--charter", w.Charter.String(), log}, more...)...)
		cmd.Dir = dir
		return cmd
	}
	dice := rand.New(rand.NewPCG(14, 0))
	killed, ended, last := 0, 0, uint64(0)
	for i, size := range []int{600, 1300, 2500} {
		site := writeLog(t, w, filepath.Join(dir, "log"), size)
		whole, err := audit(site.Dir).Output()
		if err != nil {
			t.Fatalf("audit: %v", err)
		}
		// As long as an undisturbed one takes, or less.
		begun := time.Now()
		if err := audit(site.Dir, "--state", filepath.Join(dir, "other"), "--charter", w.Charter.String()).Run(); err != nil {
			t.Fatal(err)
		}
		takes := time.Since(begun)
		for range 10 {
			cmd := audit(site.Dir, "--state", "state")
			begun := time.Now()
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			kill := time.AfterFunc(time.Duration(dice.Int64N(int64(takes))), func() { cmd.Process.Kill() })
			err := cmd.Wait()
			kill.Stop()
			if err == nil {
				ended++
				// With what was kept, or on a machine less busy, it takes less.
				takes = min(takes, time.Since(begun))
			} else {
				killed++
			}
			// What is there now is whole, and never a step back.
			last = checkState(t, w, dir, site, last)
		}
		part, err := audit(site.Dir, "--state", "state").Output()
		if err != nil {
			t.Fatalf("audit after having been killed: %v\n%s", err, part)
		}
		if a, b := bare(whole), bare(part); a != b {
			t.Fatalf("size %d: from the state another report:\n%s\nof the whole log\n%s", size, b, a)
		}
		if i > 0 && !bytes.Contains(part, []byte(`"earlier": `)) {
			t.Errorf("size %d: it did not go on from a state", size)
		}
	}
	if killed < 10 {
		t.Errorf("%d were killed, %d came to their end", killed, ended)
	}
}

func writeLog(t *testing.T, w *generator.World, dir string, size int) *generator.Site {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	d, err := w.NewWriter(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range w.Logged[:size] {
		if err := d.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return w.Open(dir)
}

// checkState wants a state that can be read, if there is one, and returns how many
// entries it is of.
func checkState(t *testing.T, w *generator.World, dir string, site *generator.Site, last uint64) uint64 {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "state", verifier.StateFile))
	if os.IsNotExist(err) && last == 0 {
		return 0
	} else if err != nil {
		t.Fatal(err)
	}
	look := t.TempDir() // an audit would move it on
	if err := os.WriteFile(filepath.Join(look, verifier.StateFile), b, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := verifier.Audit(t.Context(), verifier.Config{Policy: w.Policy, Source: log.DirSource(site.Dir), State: look})
	if err != nil {
		t.Fatalf("the state after having been killed: %v", err)
	}
	if r.Earlier < last {
		t.Fatalf("the state went back from %d to %d", last, r.Earlier)
	}
	return r.Earlier
}

// bare is a report without what an audit says of having gone on from a state.
func bare(report []byte) string {
	var out []string
	inList := false
	for _, line := range strings.Split(string(report), "\n") {
		switch {
		case strings.HasPrefix(line, `  "notChecked": [`):
			inList = true
		case inList:
			inList = !strings.HasPrefix(line, "  ]")
		case !strings.HasPrefix(line, `  "earlier": `):
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}
