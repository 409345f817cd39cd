package main

import (
	"bytes"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

// erase runs the command and returns its exit code and what it said.
func (d *deployment) erase(target string) (code int, out string) {
	d.t.Helper()
	cmd := d.command("erase", "--config", "pledgelog.yaml", "--basis", "court-order", "--reference", "3-O-112/25", "--yes", target)
	b, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		d.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(b)
}

// holders lists the files of the log and of the server's state that hold a text.
func (d *deployment) holders(text []byte) (paths []string) {
	d.t.Helper()
	for _, dir := range []string{"log", "state"} {
		err := filepath.WalkDir(filepath.Join(d.dir, dir), func(path string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() {
				return err
			}
			b, err := os.ReadFile(path)
			if err == nil && bytes.Contains(b, text) {
				paths = append(paths, strings.TrimPrefix(path, d.dir))
			}
			return err
		})
		if err != nil {
			d.t.Fatal(err)
		}
	}
	return paths
}

// gone checks that a text is nowhere, and that readers are told so.
func (d *deployment) gone(sub *entry.Submission, erasure uint64) {
	d.t.Helper()
	if paths := d.holders(sub.Body); len(paths) > 0 {
		d.t.Errorf("an erased text is still in %v", paths)
	}
	resp, err := http.Get("http://" + d.addr + "/bodies/" + sub.Statement.BodyDigest)
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	var p client.Problem
	if err := json.Unmarshal(b, &p); err != nil {
		d.t.Fatalf("%s: %v", b, err)
	}
	if resp.StatusCode != http.StatusGone || p.Code != "text-erased" || p.Erasure == nil || p.Erasure.Index != erasure {
		d.t.Errorf("%d %s", resp.StatusCode, b)
	}
	leaf, err := entry.ParseLeaf(d.leaves()[erasure])
	if err != nil {
		d.t.Fatal(err)
	}
	st, err := entry.ParseStatement(leaf.Statement)
	if err != nil {
		d.t.Fatal(err)
	}
	e, ok := st.Body.(*entry.Erasure)
	if !ok || e.Digest != sub.Statement.BodyDigest || e.Entry != sub.Statement.ID || e.Basis != entry.BasisCourtOrder || e.Reference != "3-O-112/25" || e.Date != accordTime[:10] || st.ID != p.Erasure.ID {
		d.t.Errorf("entry %d is %+v", erasure, st.Body)
	}
}

// TestErase erases while a server runs, while none does, and again.
func TestErase(t *testing.T) {
	d := deploy(t, 22, "100ms")
	d.start()
	d.submit(d.statements[1:], nil)
	// The texts of entries 17 to 21 are requests'.
	code, out := d.erase(d.statements[17].Statement.BodyDigest)
	if code != commandline.ExitDone || !strings.Contains(out, "logged as entry 22, ") || !strings.Contains(out, "\ngone ") {
		t.Fatalf("exit code %d: %s", code, out)
	}
	d.gone(d.statements[17], 22)
	if code, out := d.erase(d.statements[17].Statement.ID.String()); code != commandline.ExitDone || !strings.Contains(out, "logged before as entry 22, ") {
		t.Errorf("again: exit code %d: %s", code, out)
	}
	if n := len(d.leaves()); n != 23 {
		t.Errorf("the log has %d entries, want 23", n)
	}
	if code := d.stop(syscall.SIGTERM); code != commandline.ExitDone {
		t.Fatalf("exit code %d\n%s", code, d.log)
	}
	if bytes.Contains(d.log.Bytes(), []byte("3-O-112")) {
		t.Error("the server's log has the reference")
	}
	// Without a server no dump from before stays.
	if err := os.MkdirAll(filepath.Join(d.dir, "log", "dump", "2025-01-06"), 0o755); err != nil {
		t.Fatal(err)
	}
	if code, out := d.erase(d.statements[18].Statement.ID.String()); code != commandline.ExitDone || !strings.Contains(out, "logged as entry 23, ") {
		t.Fatalf("without a server: exit code %d: %s", code, out)
	}
	if left, err := os.ReadDir(filepath.Join(d.dir, "log", "dump")); err != nil || len(left) != 0 {
		t.Errorf("%d dumps are left: %v", len(left), err)
	}
	d.start()
	d.gone(d.statements[17], 22)
	d.gone(d.statements[18], 23)
	if len(d.holders(d.statements[19].Body)) < 2 {
		t.Error("a text that was not erased is gone")
	}
	// The statement sent again is known, and its text does not come back.
	if r, err := d.client.Submit(t.Context(), d.statements[17]); err != nil || !r.Known() {
		t.Errorf("sent again: %v", err)
	}
	d.gone(d.statements[17], 22)
}

// TestKilledWhileErasing kills the server, or the command that does without one, at
// random moments of an erasure. Whatever was done by then, the same command again
// ends it, and no erasure is logged twice.
func TestKilledWhileErasing(t *testing.T) {
	const rounds = 8
	d := deploy(t, 18+rounds, "100ms")
	d.start()
	d.submit(d.statements[1:], nil)
	d.stop(syscall.SIGKILL)
	for round := range rounds {
		victim := d.statements[17+round]
		if round%2 == 0 {
			d.start()
			time.AfterFunc(time.Duration(rand.IntN(200))*time.Millisecond, func() { d.cmd.Process.Kill() })
			d.erase(victim.Statement.BodyDigest) // it may end in any way
			d.wait()
		} else {
			cmd := d.command("erase", "--config", "pledgelog.yaml", "--basis", "court-order", "--reference", "3-O-112/25", "--yes", victim.Statement.BodyDigest)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.AfterFunc(time.Duration(100+rand.IntN(400))*time.Millisecond, func() { cmd.Process.Kill() })
			cmd.Wait()
		}
		d.start()
		code, out := d.erase(victim.Statement.BodyDigest)
		if code != commandline.ExitDone {
			t.Fatalf("round %d: exit code %d: %s\n%s", round, code, out, d.log)
		}
		d.gone(victim, uint64(len(d.statements)+round))
		d.stop(syscall.SIGKILL)
	}
	d.start()
	if n := len(d.leaves()); n != len(d.statements)+rounds {
		t.Errorf("the log has %d entries, want %d", n, len(d.statements)+rounds)
	}
}
