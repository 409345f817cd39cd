package witnessing_test

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"database/sql"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	_ "modernc.org/sqlite"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/witnessing"
	"github.com/pledgelog/pledgelog/log/witnessing/witnesstest"
)

// A witness that others wrote (filippo.io/torchwood, cmd/litewitness) cosigns our log as
// it grows, by the proofs that this client sends, and its cosignatures satisfy our
// policy.
func TestWithLitewitness(t *testing.T) {
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "litewitness"), "filippo.io/torchwood/cmd/litewitness")
	build.Dir = filepath.Join("..", "..", "scripts", "litewitness")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	signer, err := log.NewSigner("log.lanternhall.example/2025", witnesstest.Seed("log"))
	if err != nil {
		t.Fatal(err)
	}
	// It is told of the log as its own tool does it, which needs a module that is not
	// everywhere to be had.
	db, empty := filepath.Join(dir, "witness.db"), log.EmptyRoot()
	store, err := sql.Open("sqlite", db)
	if err != nil {
		t.Fatal(err)
	}
	for _, do := range []struct {
		sql  string
		args []any
	}{
		{"CREATE TABLE log (origin TEXT PRIMARY KEY, tree_size INTEGER NOT NULL, tree_hash TEXT NOT NULL)", nil},
		{"CREATE TABLE key (origin TEXT NOT NULL, key TEXT NOT NULL, FOREIGN KEY(origin) REFERENCES log(origin))", nil},
		{"INSERT INTO log VALUES (?, 0, ?)", []any{signer.Name(), base64.StdEncoding.EncodeToString(empty[:])}},
		{"INSERT INTO key VALUES (?, ?)", []any{signer.Name(), signer.Key().String()}},
	} {
		if _, err := store.Exec(do.sql, do.args...); err != nil {
			t.Fatal(err)
		}
	}
	store.Close()

	// Its key is in an SSH agent.
	secret := ed25519.NewKeyFromSeed(witnesstest.Seed("litewitness"))
	keys := agent.NewKeyring()
	if err := keys.Add(agent.AddedKey{PrivateKey: secret}); err != nil {
		t.Fatal(err)
	}
	sshKey, err := ssh.NewPublicKey(secret.Public())
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "agent")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go agent.ServeAgent(keys, conn)
		}
	}()

	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	free.Close()
	cmd := exec.Command(filepath.Join(dir, "litewitness"), "-db", db, "-name", "witness.example/lite", "-listen", addr, "-ssh-agent", socket, "-key", ssh.FingerprintSHA256(sshKey))
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cmd.Process.Signal(os.Interrupt); cmd.Wait() }()
	lines, vkey := bufio.NewScanner(said), ""
	for vkey == "" && lines.Scan() {
		if m := regexp.MustCompile(`witness\.example/lite\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+`).FindString(lines.Text()); m != "" {
			vkey = m
		}
	}
	go io.Copy(io.Discard, said)
	for n := 0; ; n++ {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			conn.Close()
			break
		}
		if n > 200 {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}

	policy, err := log.ParsePolicy(fmt.Appendf(nil, "log %s\nwitness lite %s http://%s\nquorum lite\n", signer.Key(), vkey, addr))
	if err != nil {
		t.Fatal(err)
	}
	tiles := make(growing)
	tree := log.NewBuilder(func(level int, index uint64, width int, data []byte) error {
		tiles[log.TilePath(level, index, width)] = bytes.Clone(data)
		return nil
	})
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	c, err := witnessing.New(witnessing.Config{Policy: policy, Prover: log.NewTileReader(tiles), Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { c.Close() }()
	for i, size := range []uint64{1, 2, 255, 256, 257, 700, 700, 3000} {
		for n := tree.Size(); n < size; n++ {
			if err := tree.Append(log.LeafHash(fmt.Append(nil, n))); err != nil {
				t.Fatal(err)
			}
		}
		if err := tree.Flush(); err != nil {
			t.Fatal(err)
		}
		n, err := signer.SignNote(log.Checkpoint{Origin: signer.Name(), Size: size, Root: tree.Root()}.Marshal())
		if err != nil {
			t.Fatal(err)
		}
		if i == 5 { // a client that does not know what the witness has seen
			c.Close()
			if c, err = witnessing.New(witnessing.Config{Policy: policy, Prover: log.NewTileReader(tiles), Logger: quiet}); err != nil {
				t.Fatal(err)
			}
		}
		v, err := c.Cosign(t.Context(), n.Marshal())
		if err != nil {
			t.Fatalf("size %d: %v", size, err)
		}
		if _, err := policy.Open(v.Raw); err != nil || v.Checkpoint.Size != size {
			t.Errorf("size %d: %v", size, err)
		}
	}
}
