package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/log"
)

// A machine that was restored whole from an old backup, log and store alike, does
// not start: entries that readers may hold are missing, and their indexes must not
// be given again. With the newest store, and the log still old, it goes on and
// signs nothing else than before.
func TestRestoredFromAnOldBackup(t *testing.T) {
	d := deploy(t, 40, "100ms")
	end := func() {
		t.Helper()
		if code := d.stop(syscall.SIGTERM); code != commandline.ExitDone {
			t.Fatalf("exit code %d\n%s", code, d.log)
		}
	}
	d.start()
	d.submit(d.statements[1:20], nil)
	end()
	backup := t.TempDir()
	copyTree(t, filepath.Join(d.dir, "log"), filepath.Join(backup, "log"))
	copyTree(t, filepath.Join(d.dir, "state"), filepath.Join(backup, "state"))
	d.start()
	acknowledged := d.submit(d.statements[20:], nil)
	end()
	newest := d.read("state/store.db")

	for _, name := range []string{"log", "state/store.db"} {
		path := filepath.Join(d.dir, name)
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
		copyTree(t, filepath.Join(backup, name), path)
	}
	out, err := d.command("serve", "--config", "pledgelog.yaml").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "the order of record has 20") || !strings.Contains(string(out), "hint:") {
		t.Fatalf("it started on an old backup, or did not say what to do: %v\n%s", err, out)
	}

	if err := os.WriteFile(filepath.Join(d.dir, "state/store.db"), newest, 0o600); err != nil {
		t.Fatal(err)
	}
	d.start()
	again := d.submit(d.statements[20:], nil)
	end()
	for id, r := range acknowledged {
		if a := again[id]; a == nil || a.Index != r.Index || !bytes.Equal(a.Leaf, r.Leaf) {
			t.Errorf("statement %s was acknowledged at %d, and is not there now", id, r.Index)
		}
	}
	d.holds(acknowledged)
}

// A machine is lost, and with it the guard's state, which is in no backup. The
// operator adopts the newest checkpoint that a reader holds: the log goes on from
// there, and signs nothing that contradicts it.
func TestGuardIsMadeAnew(t *testing.T) {
	d := deploy(t, 40, "100ms")
	end := func() {
		t.Helper()
		if code := d.stop(syscall.SIGTERM); code != commandline.ExitDone {
			t.Fatalf("exit code %d\n%s", code, d.log)
		}
	}
	refused := func(want string, args ...string) {
		t.Helper()
		out, err := d.command(args...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) || !strings.Contains(string(out), "hint:") {
			t.Errorf("pledgelog %s: %v\n%s", args[0], err, out)
		}
	}
	d.start()
	d.submit(d.statements[1:20], nil)
	end()
	backup := t.TempDir()
	copyTree(t, filepath.Join(d.dir, "log"), filepath.Join(backup, "log"))
	oldStore := d.read("state/store.db")
	d.start()
	acknowledged := d.submit(d.statements[20:30], nil)
	end()
	held := d.read("log/checkpoint") // by a reader
	newStore := d.read("state/store.db")
	refused("is there", "adopt-checkpoint", "--config", "pledgelog.yaml", "--from", "log/checkpoint")

	// All is lost. The log comes back from the backup, the guard does not.
	for _, name := range []string{"log", "state/guard", "state/guard.lock", "state/store.db"} {
		if err := os.RemoveAll(filepath.Join(d.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	copyTree(t, filepath.Join(backup, "log"), filepath.Join(d.dir, "log"))
	d.write("state/store.db", string(oldStore))
	d.write("held", string(held))
	refused("guard", "serve", "--config", "pledgelog.yaml")
	d.write("forged", strings.Replace(string(held), "30", "31", 1))
	refused("verify checkpoint", "adopt-checkpoint", "--config", "pledgelog.yaml", "--from", "forged")
	d.run("adopt-checkpoint", "--config", "pledgelog.yaml", "--from", "held")
	// With the old store it does not give the lost entries' indexes to others.
	refused("the order of record has 20", "serve", "--config", "pledgelog.yaml")
	d.write("state/store.db", string(newStore))
	d.start()
	d.submit(d.statements[30:], nil)
	end()
	d.holds(acknowledged)
}

// A guard that remembers another history stops the server at its start, whether that is
// compared with what is published or, for a log directory that is behind, with the order
// of record. Nothing is given an index.
func TestGuardOfAnotherHistory(t *testing.T) {
	d := deploy(t, 40, "100ms")
	end := func() {
		t.Helper()
		if code := d.stop(syscall.SIGTERM); code != commandline.ExitDone {
			t.Fatalf("exit code %d\n%s", code, d.log)
		}
	}
	refused := func(want string) {
		t.Helper()
		out, err := d.command("serve", "--config", "pledgelog.yaml").CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) || !strings.Contains(string(out), "hint:") || strings.Contains(string(out), `"serving"`) {
			t.Errorf("%v, want %s\n%s", err, want, out)
		}
	}
	d.start()
	d.submit(d.statements[1:20], nil)
	end()
	backup := t.TempDir()
	copyTree(t, filepath.Join(d.dir, "log"), filepath.Join(backup, "log"))
	d.start()
	d.submit(d.statements[20:30], nil)
	end()
	own := d.read("state/guard")
	cp, err := log.ParseCheckpoint(own)
	if err != nil || cp.Size != 30 {
		t.Fatalf("guard of size %d: %v", cp.Size, err)
	}
	cp.Root = log.LeafHash([]byte("another"))
	d.write("state/guard", string(cp.Marshal()))
	refused("compare size 30 with what was signed")

	if err := os.RemoveAll(filepath.Join(d.dir, "log")); err != nil {
		t.Fatal(err)
	}
	copyTree(t, filepath.Join(backup, "log"), filepath.Join(d.dir, "log"))
	refused("compare the order of record with what was signed")
	d.write("state/guard", string(own))
	d.start()
	d.submit(d.statements[30:], nil)
	end()
}

// The guard's state may stand apart, where no backup of the log and its store takes it
// along: then one that is restored whole is noticed.
func TestGuardStandsApart(t *testing.T) {
	d := deploy(t, 40, "100ms")
	end := func() {
		t.Helper()
		if code := d.stop(syscall.SIGTERM); code != commandline.ExitDone {
			t.Fatalf("exit code %d\n%s", code, d.log)
		}
	}
	note := func(want string) {
		t.Helper()
		out, err := d.command("check-config", "--config", "pledgelog.yaml").CombinedOutput()
		if err != nil || strings.Contains(string(out), "note: the guard's state ") != (want != "") || !strings.Contains(string(out), want) {
			t.Errorf("check-config: %v, want %q\n%s", err, want, out)
		}
	}
	note("is beside the store")
	d.write("pledgelog.yaml", string(d.read("pledgelog.yaml"))+"guard_state: log/guard\n")
	note("is inside directory")
	if err := os.Mkdir(filepath.Join(d.dir, "apart"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(d.dir, "state/guard"), filepath.Join(d.dir, "apart/guard")); err != nil {
		t.Fatal(err)
	}
	d.write("pledgelog.yaml", strings.Replace(string(d.read("pledgelog.yaml")), "log/guard", "apart/guard", 1))
	note("")
	d.start()
	d.submit(d.statements[1:20], nil)
	end()
	backup := t.TempDir()
	for _, name := range []string{"log", "state"} {
		copyTree(t, filepath.Join(d.dir, name), filepath.Join(backup, name))
	}
	d.start()
	d.submit(d.statements[20:30], nil)
	end()
	if cp, err := log.ParseCheckpoint(d.read("apart/guard")); err != nil || cp.Size != 30 {
		t.Errorf("the guard has size %d: %v", cp.Size, err)
	}
	for _, name := range []string{"log", "state"} {
		if err := os.RemoveAll(filepath.Join(d.dir, name)); err != nil {
			t.Fatal(err)
		}
		copyTree(t, filepath.Join(backup, name), filepath.Join(d.dir, name))
	}
	out, err := d.command("serve", "--config", "pledgelog.yaml").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "a checkpoint of 30 entries was signed, and the order of record has 20") {
		t.Errorf("%v\n%s", err, out)
	}
}

func copyTree(t *testing.T, from, to string) {
	t.Helper()
	info, err := os.Stat(from)
	if err != nil {
		t.Fatal(err)
	}
	if info.IsDir() {
		err = os.CopyFS(to, os.DirFS(from))
	} else if b, rerr := os.ReadFile(from); rerr != nil {
		err = rerr
	} else {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
