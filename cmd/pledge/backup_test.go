package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/safe"
)

// A keeper is who makes and restores backups in a folder.
type keeper struct {
	t      *testing.T
	dir    string
	key    *safe.Key
	pub    string
	out    bytes.Buffer
	stderr bytes.Buffer
}

func newKeeper(t *testing.T) *keeper {
	t.Helper()
	key, err := safe.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	k := &keeper{t: t, dir: t.TempDir(), key: key}
	k.pub = write(t, filepath.Join(t.TempDir(), "x.pub"), safe.MarshalRecipientFile(key.Recipient()))
	t.Chdir(k.dir)
	return k
}

func (k *keeper) app() *app {
	k.out.Reset()
	k.stderr.Reset()
	a := newApp(strings.NewReader(""), &k.out, &k.stderr)
	a.safes.to = []string{k.pub}
	a.safes.opened = k.key
	return a
}

func (k *keeper) backup(paths ...string) error {
	return k.app().backup(k.t.Context(), backupFlags{out: "b.age"}, paths)
}

func (k *keeper) restore(into string) error {
	return k.app().restore(k.t.Context(), restoreFlags{into: into}, "b.age")
}

// byHand makes a backup of whatever somebody puts into it.
func (k *keeper) byHand(files ...safe.File) {
	k.t.Helper()
	b, err := (&safe.Archive{Made: 1767225600, Files: files}).Seal([]*safe.Recipient{k.key.Recipient()})
	if err != nil {
		k.t.Fatal(err)
	}
	write(k.t, "b.age", b)
}

func refused(err error, says string) bool {
	var f *commandline.Failure
	return errors.As(err, &f) && f.Code == commandline.ExitRefused && strings.Contains(err.Error(), says)
}

// What somebody made by hand, with the public half of a safe, gets no file past that is
// none of ours; what is damaged gives nothing.
func TestRestoreTakesOnlyWhatABackupTakes(t *testing.T) {
	k := newKeeper(t)
	k.byHand(safe.File{Name: ".bashrc", Content: []byte("echo\n")}, safe.File{Name: "a.txt", Content: []byte(memoBegins + "then\n")})
	if err := k.restore("back"); !refused(err, ".bashrc is nothing that a backup takes") || exists("back") {
		t.Errorf("%v", err)
	}
	k.byHand(safe.File{Name: "a.txt", Content: []byte(memoBegins + "then\n")})
	whole := mustRead(t, "b.age")
	for _, at := range []int{30, 150, 1000, len(whole) / 2, len(whole) - 1} {
		bad := bytes.Clone(whole)
		bad[at] ^= 1
		write(t, "b.age", bad)
		if err := k.restore("back"); !refused(err, "damaged") && !refused(err, "another safe") || exists("back") {
			t.Errorf("byte %d: %v", at, err)
		}
		write(t, "b.age", whole[:at])
		if err := k.restore("back"); !refused(err, "damaged") || exists("back") {
			t.Errorf("%d bytes: %v", at, err)
		}
	}
}

// What is asked for is asked before anything is read or written.
func TestBackupAsks(t *testing.T) {
	k := newKeeper(t)
	secret := write(t, filepath.Join(t.TempDir(), "x.safe"), encryptedFor(t, k.key))
	phrase := write(t, filepath.Join(t.TempDir(), "phrase"), []byte("a long green lantern\n"))
	stranger, err := safe.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	other := write(t, filepath.Join(t.TempDir(), "other.safe"), encryptedFor(t, stranger))
	memo := memoBegins + "then\n"
	for _, dir := range []string{"work", "empty", "deep"} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write(t, "work/memo", []byte(memo))
	write(t, "memo", []byte(memo))
	write(t, "deep/memo", []byte(memo+"and now\n"))
	write(t, "policy.txt", []byte("log x\n"))
	write(t, "there.age", nil)
	abs, err := filepath.Abs("deep/memo")
	if err != nil {
		t.Fatal(err)
	}
	reading := []string{"--safe-key", secret, "--safe-passphrase-file", phrase}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"backup", "--out", "b.age", "--safe", k.pub}, 2, "needs the files and folders"},
		{[]string{"backup", "--safe", k.pub, "work"}, 2, "--out is missing"},
		{[]string{"backup", "--out", "b.age", "--safe", secret, "work"}, 2, "read safe"},
		{[]string{"backup", "--out", "b.age", "--safe", k.pub, "nowhere"}, 2, "read nowhere"},
		{[]string{"backup", "--out", "nowhere/b.age", "--safe", k.pub, "work"}, 2, "nowhere/b.age"},
		{[]string{"backup", "--out", "b.age", "--safe", k.pub, "--safe-key", other, "--safe-passphrase-file", phrase, "work"}, 2, "is none of the safes that the backup is for"},
		{[]string{"backup", "--out", "there.age", "--safe", k.pub, "work"}, 1, "is there already and is not overwritten"},
		{[]string{"backup", "--out", "b.age", "--safe", k.pub, "policy.txt"}, 1, "policy.txt is nothing that a backup takes"},
		{[]string{"backup", "--out", "b.age", "--safe", k.pub, secret}, 1, "is a secret key"},
		{[]string{"backup", "--out", "b.age", "--safe", k.pub, "empty"}, 1, "there is nothing that a backup takes"},
		{[]string{"backup", "--out", "b.age", "--safe", k.pub, "memo", abs}, 1, "would both be memo in the backup, and they differ"},
		{append([]string{"restore", "there.age"}, reading...), 2, "--into is missing"},
		{append([]string{"restore", "nowhere.age", "--into", "back"}, reading...), 2, "read backup"},
		{append([]string{"restore", "policy.txt", "--into", "back"}, reading...), 2, "read backup policy.txt: it is none"},
		{append([]string{"restore", "there.age", "--into", "back", "--author", "acme"}, reading...), 2, "--author and --policy go together"},
	} {
		var out, stderr bytes.Buffer
		if code := run(t.Context(), c.args, strings.NewReader(""), &out, &stderr); code != c.code || !strings.Contains(stderr.String(), c.says) {
			t.Errorf("%q: exit code %d\n%s", c.args, code, &stderr)
		}
	}
	if exists("b.age") || exists("back") {
		t.Error("something was written")
	}
	if err := k.backup("memo", "./memo", "work"); err != nil {
		t.Errorf("the same twice: %v", err)
	}
}

func encryptedFor(t *testing.T, key *safe.Key) []byte {
	t.Helper()
	b, err := safe.EncryptKey(key, "a long green lantern", 10)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Links are not followed, hidden files and files of others are not taken; what is taken
// is told by its content.
func TestBackupTakesWhatItKnows(t *testing.T) {
	k := newKeeper(t)
	if err := os.MkdirAll("work/.hidden", 0o700); err != nil {
		t.Fatal(err)
	}
	memo := memoBegins + "then\n"
	write(t, "work/memo", []byte(memo))
	write(t, "work/.hidden/memo", []byte(memo))
	write(t, "work/.memo", []byte(memo))
	write(t, "work/other.json", []byte(`{"any":"thing"}`))
	write(t, "work/id", []byte("# created\nAGE-SECRET-KEY-1\n"))
	write(t, "work/ssh", []byte("-----BEGIN OPENSSH PRIVATE KEY-----\n"))
	outside := write(t, filepath.Join(t.TempDir(), "outside"), []byte(memo))
	if err := os.Symlink(outside, "work/link"); err != nil && runtime.GOOS != "windows" {
		t.Fatal(err)
	}
	if err := k.backup("work"); err != nil {
		t.Fatal(err)
	}
	said := k.stderr.String()
	for _, want := range []string{"other.json: nothing that a backup takes", "id: a secret key", "ssh: a secret key"} {
		if !strings.Contains(said, want) {
			t.Errorf("it says %q, and not %q", said, want)
		}
	}
	a, err := safe.OpenArchive(mustRead(t, "b.age"), k.key)
	if err != nil || len(a.Files) != 1 || a.Files[0].Name != "work/memo" {
		t.Errorf("it took %q (%v)", a.Files, err)
	}
}

// A backup that is not what was written, or that does not open, is told.
func TestBackupIsReadBack(t *testing.T) {
	k := newKeeper(t)
	archive := &safe.Archive{Made: 1767225600, Files: []safe.File{{Name: "a.txt", Content: []byte("text")}}}
	b, err := archive.Seal([]*safe.Recipient{k.key.Recipient()})
	if err != nil {
		t.Fatal(err)
	}
	write(t, "b.age", b)
	if err := readBackup("b.age", b, archive, k.key); err != nil {
		t.Error(err)
	}
	other := &safe.Archive{Made: 1767225600}
	if err := readBackup("b.age", b, other, k.key); err == nil {
		t.Error("it holds something else, and that is not said")
	}
	stranger, err := safe.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	if err := readBackup("b.age", b, archive, stranger); !errors.Is(err, safe.ErrOther) {
		t.Errorf("another safe: %v", err)
	}
	bad := bytes.Clone(b)
	bad[len(bad)-1] ^= 1
	for _, bad := range [][]byte{bad, b[:len(b)-1], append(bytes.Clone(b), 0), nil} {
		write(t, "b.age", bad)
		if err := readBackup("b.age", b, archive, nil); err == nil {
			t.Errorf("%d bytes are taken for what was written", len(bad))
		}
	}
}

// What a file is called in a backup leads nowhere.
func TestArchiveName(t *testing.T) {
	for given, want := range map[string]string{
		"slots": "slots", "./slots/": "slots", "a/../slots": "slots", ".": ".", "a/b.json": "a/b.json",
		"../slots": "slots", "/var/lib/pledge/slots": "slots", "..": ".", "/": ".", "a/../../x.json": "x.json",
	} {
		if got := archiveName(filepath.FromSlash(given)); got != want {
			t.Errorf("%q is called %q, not %q", given, got, want)
		}
	}
}
