package signer

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"encoding/asn1"
	"encoding/binary"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/keyfile"
)

// socketDir makes a folder whose name is short enough for a socket in it.
func socketDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "a")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// realAgent starts OpenSSH's agent, which asks for consent with a program that refuses.
func realAgent(t *testing.T) (dir string) {
	t.Helper()
	dir = socketDir(t)
	socket := filepath.Join(dir, "s")
	cmd := exec.Command("ssh-agent", "-D", "-a", socket)
	cmd.Env = append(os.Environ(), "SSH_ASKPASS=/bin/false", "SSH_ASKPASS_REQUIRE=force", "DISPLAY=:9")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	t.Setenv("SSH_AUTH_SOCK", socket)
	for range 500 {
		if _, err := os.Stat(socket); err == nil {
			return dir
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("ssh-agent does not start")
	return ""
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// sshKey makes a key with ssh-keygen, and returns its file and public half.
func sshKey(t *testing.T, dir, name string, args ...string) (string, ssh.PublicKey) {
	t.Helper()
	path := filepath.Join(dir, name)
	run(t, "ssh-keygen", append([]string{"-q", "-N", "", "-C", name, "-f", path}, args...)...)
	b, err := os.ReadFile(path + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	pub, _, _, _, err := ssh.ParseAuthorizedKey(b)
	if err != nil {
		t.Fatal(err)
	}
	return path, pub
}

func keyOf(t *testing.T, pub ssh.PublicKey) entry.Key {
	t.Helper()
	switch k := pub.(ssh.CryptoPublicKey).CryptoPublicKey().(type) {
	case ed25519.PublicKey:
		return entry.NewKey(k, entry.UseStatement)
	case *ecdsa.PublicKey:
		key, err := entry.NewP256Key(k, entry.UseStatement)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	t.Fatalf("%T", pub)
	return entry.Key{}
}

func idOf(t *testing.T, key entry.Key) string {
	t.Helper()
	public, err := key.Parse()
	if err != nil {
		t.Fatal(err)
	}
	return public.ID.String()
}

func TestRealAgent(t *testing.T) {
	dir := realAgent(t)
	_, err := Open(t.Context(), "ssh-agent:acme-1", Options{})
	fails(t, "an empty agent", err, Refused, "empty or locked")

	for name, args := range map[string][]string{"acme 1": {"-t", "ed25519"}, "acme-2": {"-t", "ecdsa", "-b", "256"}} {
		path, pub := sshKey(t, dir, name, args...)
		run(t, "ssh-add", "-q", path)
		want := keyOf(t, pub)
		fingerprint := strings.Fields(run(t, "ssh-keygen", "-l", "-f", path))[1]
		for _, ref := range []string{"ssh-agent:" + name, "ssh-agent:" + fingerprint, "ssh-agent:" + idOf(t, want), "ssh-agent:" + idOf(t, want)[:8]} {
			s, err := Open(t.Context(), ref, Options{})
			if err != nil {
				t.Fatalf("%s: %v", ref, err)
			}
			// r and s begin with a zero byte now and then, and SSH leaves that out.
			for range 20 {
				holds(t, s, want)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if _, err := s.Sign(t.Context(), message); err == nil {
				t.Error("it signs when closed")
			}
		}
	}
	for name, args := range map[string][]string{"rsa": {"-t", "rsa", "-b", "2048"}, "p384": {"-t", "ecdsa", "-b", "384"}} {
		path, _ := sshKey(t, dir, name, args...)
		run(t, "ssh-add", "-q", path)
		_, err := Open(t.Context(), "ssh-agent:"+name, Options{})
		fails(t, name, err, Named, "with which no statement is signed")
	}
	for _, ref := range []string{"ssh-agent:acme-3", "ssh-agent:SHA256:AAAA", "ssh-agent:00000000", "ssh-agent:0000000", "ssh-agent:acme"} {
		_, err := Open(t.Context(), ref, Options{})
		fails(t, ref, err, Named, "holds 4 keys, and not that one")
	}
	_, err = Open(t.Context(), "ssh-agent:", Options{})
	fails(t, "no name", err, Named, "names no key")

	// Consent that is not given.
	path, _ := sshKey(t, dir, "asks", "-t", "ed25519")
	run(t, "ssh-add", "-q", "-c", path)
	s, err := Open(t.Context(), "ssh-agent:asks", Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Sign(t.Context(), message)
	fails(t, "no consent", err, Refused, "did not sign")
	// A key that is taken away meanwhile.
	run(t, "ssh-add", "-q", "-d", path)
	_, err = s.Sign(t.Context(), message)
	fails(t, "a key that is gone", err, Refused, "did not sign")

	// A locked agent.
	conn, err := net.Dial("unix", os.Getenv("SSH_AUTH_SOCK"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := agent.NewClient(conn).Lock([]byte("x")); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), "ssh-agent:acme-2", Options{})
	fails(t, "a locked agent", err, Refused, "empty or locked")
}

func TestNoAgent(t *testing.T) {
	t.Setenv("SSH_AUTH_SOCK", "")
	_, err := Open(t.Context(), "ssh-agent:acme", Options{})
	fails(t, "no address", err, Named, "SSH_AUTH_SOCK")
	t.Setenv("SSH_AUTH_SOCK", filepath.Join(socketDir(t), "none"))
	_, err = Open(t.Context(), "ssh-agent:acme", Options{})
	fails(t, "nobody there", err, Later, "no such file")
}

// serve answers on SSH_AUTH_SOCK with a function of the connection.
func serve(t *testing.T, answer func(net.Conn)) {
	t.Helper()
	socket := filepath.Join(socketDir(t), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	t.Setenv("SSH_AUTH_SOCK", socket)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { defer conn.Close(); answer(conn) }()
		}
	}()
}

// An impostor speaks the agent's protocol, and says what it likes.
type impostor struct {
	agent.Agent
	list []*agent.Key
	sig  func(data []byte) (*ssh.Signature, error)
}

func (a impostor) List() ([]*agent.Key, error) { return a.list, nil }

func (a impostor) Sign(_ ssh.PublicKey, data []byte) (*ssh.Signature, error) { return a.sig(data) }

func listed(t *testing.T, secret keyfile.Secret, comment string) *agent.Key {
	t.Helper()
	var public any = secret.Public()
	pub, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return &agent.Key{Format: pub.Type(), Blob: pub.Marshal(), Comment: comment}
}

func TestImpostorsSignatures(t *testing.T) {
	ed, other := newSecret(t, entry.AlgEd25519).(ed25519.PrivateKey), newSecret(t, entry.AlgEd25519).(ed25519.PrivateKey)
	ec := newSecret(t, entry.AlgP256).(*ecdsa.PrivateKey)
	mpints := func(r, s *big.Int) []byte { return ssh.Marshal(struct{ R, S *big.Int }{r, s}) }
	der := func(data []byte) []byte {
		raw, err := keyfile.Sign(ec, data)
		if err != nil {
			t.Fatal(err)
		}
		b, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(raw[:32]), new(big.Int).SetBytes(raw[32:])})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	one, large := big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), 256)
	for name, c := range map[string]struct {
		key    keyfile.Secret
		format string
		blob   func(data []byte) []byte
		want   string
	}{
		"another key":       {ed, ssh.KeyAlgoED25519, func(d []byte) []byte { return ed25519.Sign(other, d) }, "does not verify"},
		"another message":   {ed, ssh.KeyAlgoED25519, func(d []byte) []byte { return ed25519.Sign(ed, d[1:]) }, "does not verify"},
		"another algorithm": {ed, ssh.KeyAlgoSKED25519, func(d []byte) []byte { return ed25519.Sign(ed, d) }, "in the form"},
		"nothing":           {ed, ssh.KeyAlgoED25519, func([]byte) []byte { return nil }, "does not verify"},
		"a byte more":       {ed, ssh.KeyAlgoED25519, func(d []byte) []byte { return append(ed25519.Sign(ed, d), 0) }, "does not verify"},
		"DER":               {ec, ssh.KeyAlgoECDSA256, der, "not two integers"},
		"raw":               {ec, ssh.KeyAlgoECDSA256, func(d []byte) []byte { b, _ := keyfile.Sign(ec, d); return b }, "not two integers"},
		"zero":              {ec, ssh.KeyAlgoECDSA256, func([]byte) []byte { return mpints(new(big.Int), one) }, "not those of a signature"},
		"negative":          {ec, ssh.KeyAlgoECDSA256, func([]byte) []byte { return mpints(one, big.NewInt(-5)) }, "not those of a signature"},
		"too large":         {ec, ssh.KeyAlgoECDSA256, func([]byte) []byte { return mpints(one, large) }, "not those of a signature"},
		"any":               {ec, ssh.KeyAlgoECDSA256, func([]byte) []byte { return mpints(one, one) }, "does not verify"},
	} {
		imp := impostor{list: []*agent.Key{listed(t, c.key, "acme")}}
		imp.sig = func(data []byte) (*ssh.Signature, error) {
			return &ssh.Signature{Format: c.format, Blob: c.blob(data)}, nil
		}
		serve(t, func(conn net.Conn) { agent.ServeAgent(imp, conn) })
		s, err := Open(t.Context(), "ssh-agent:acme", Options{})
		if err != nil {
			t.Fatal(err)
		}
		if sig, err := s.Sign(t.Context(), message); sig != nil || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		s.Close()
	}
}

func TestImpostorsKeys(t *testing.T) {
	one, two := newSecret(t, entry.AlgEd25519), newSecret(t, entry.AlgP256)
	sk := func(format string) *agent.Key {
		return &agent.Key{Format: format, Comment: "acme", Blob: ssh.Marshal(struct {
			Format string
			Key    []byte
			App    string
		}{format, make([]byte, 32), "ssh:"})}
	}
	weak := &agent.Key{Format: ssh.KeyAlgoED25519, Comment: "acme", Blob: ssh.Marshal(struct {
		Format string
		Key    []byte
	}{ssh.KeyAlgoED25519, append([]byte{1}, make([]byte, 31)...)})}
	for name, c := range map[string]struct {
		list []*agent.Key
		want string // "" for a key that is opened
	}{
		"twice the same":      {[]*agent.Key{listed(t, one, "acme"), listed(t, one, "acme")}, ""},
		"one that fits":       {[]*agent.Key{sk(ssh.KeyAlgoSKED25519), listed(t, one, "acme"), listed(t, two, "other")}, ""},
		"two of a name":       {[]*agent.Key{listed(t, one, "acme"), listed(t, two, "acme")}, "holds 2 such keys"},
		"of a security key":   {[]*agent.Key{sk(ssh.KeyAlgoSKED25519)}, "FIDO security key"},
		"of another such key": {[]*agent.Key{sk(ssh.KeyAlgoSKECDSA256)}, "FIDO security key"},
		"no key at all":       {[]*agent.Key{{Format: "ssh-ed25519", Blob: []byte("no blob"), Comment: "acme"}}, ""},
		"of small order":      {[]*agent.Key{weak}, "small order"},
	} {
		imp := impostor{list: c.list}
		serve(t, func(conn net.Conn) { agent.ServeAgent(imp, conn) })
		s, err := Open(t.Context(), "ssh-agent:acme", Options{})
		switch {
		case name == "no key at all":
			if err == nil {
				t.Errorf("%s was opened", name)
			}
		case c.want == "" && err != nil, c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v", name, err)
		case c.want == "" && s.Key(entry.UseStatement).Alg != entry.AlgEd25519:
			t.Errorf("%s: %v", name, s.Key(entry.UseStatement))
		}
		if s != nil {
			s.Close()
		}
	}
}

// An agent that answers nonsense, too much, or not at all.
func TestImpostorsAnswers(t *testing.T) {
	hangs := func(conn net.Conn) { io.Copy(io.Discard, conn) }
	answers := func(b ...byte) func(net.Conn) {
		return func(conn net.Conn) {
			head := make([]byte, 5)
			if _, err := io.ReadFull(conn, head); err == nil {
				conn.Write(b)
			}
		}
	}
	for name, answer := range map[string]func(net.Conn){
		"gone":         func(net.Conn) {},
		"cut short":    answers(0, 0, 0, 9, 12),
		"4 GiB":        answers(255, 255, 255, 255),
		"a failure":    answers(0, 0, 0, 1, 5),
		"empty":        answers(0, 0, 0, 0),
		"another kind": answers(0, 0, 0, 1, 6),
		"many keys":    answers(append(binary.BigEndian.AppendUint32(nil, 5), 12, 255, 255, 255, 255)...),
		"hangs":        hangs,
	} {
		serve(t, answer)
		start := time.Now()
		_, err := Open(t.Context(), "ssh-agent:acme", Options{Patience: 200 * time.Millisecond})
		fails(t, name, err, Later, "the agent for")
		if time.Since(start) > 5*time.Second {
			t.Errorf("%s: it was waited for %v", name, time.Since(start))
		}
	}
	serve(t, hangs)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := Open(ctx, "ssh-agent:acme", Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}

	// It hangs only when it is to sign.
	release := make(chan bool)
	imp := impostor{list: []*agent.Key{listed(t, newSecret(t, entry.AlgEd25519), "acme")}}
	imp.sig = func([]byte) (*ssh.Signature, error) { <-release; return nil, errors.New("late") }
	serve(t, func(conn net.Conn) { agent.ServeAgent(imp, conn) })
	defer close(release)
	s, err := Open(t.Context(), "ssh-agent:acme", Options{Patience: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Sign(t.Context(), message)
	fails(t, "hangs when it is to sign", err, Later, "does not answer")
}
