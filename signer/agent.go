package signer

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/pledgelog/pledgelog/entry"
)

const agentPrefix = "ssh-agent:"

// openAgent opens a key that an ssh-agent holds (draft-miller-ssh-agent). The agent's
// address is SSH_AUTH_SOCK, a Unix socket; Windows' own agent, behind a named pipe, is not
// spoken to.
func openAgent(ctx context.Context, ref string, opts Options) (*Signer, error) {
	name := strings.TrimPrefix(ref, agentPrefix)
	if name == "" {
		return nil, wrong(Named, "write ssh-agent:KEYID, ssh-agent:SHA256:… or ssh-agent:COMMENT; ssh-add -l lists the last two", "%s names no key", ref)
	}
	socket := os.Getenv("SSH_AUTH_SOCK")
	if socket == "" {
		hint := "start one: eval $(ssh-agent), then ssh-add FILE"
		if runtime.GOOS == "windows" {
			hint = "Windows' own agent is not spoken to: use an agent on a Unix socket, or a key file with a passphrase"
		}
		return nil, wrong(Named, hint, "open %s: no ssh-agent is named by SSH_AUTH_SOCK", ref)
	}
	quick, cancel := opts.promptly(ctx)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(quick, "unix", socket)
	if err != nil {
		return nil, wrong(Later, "see whether the agent runs that SSH_AUTH_SOCK names", "open %s: %w", ref, err)
	}
	// Without a Close the client asks one thing after the other, and reads an answer only
	// to what it asked.
	a := &agentKey{ref: ref, conn: conn, client: agent.NewClient(struct{ io.ReadWriter }{conn}), patience: opts.Patience}
	key, err := a.find(quick, name)
	if err != nil {
		return nil, errors.Join(err, a.close())
	}
	return newSigner(key, a)
}

// An agentKey is a key that an ssh-agent holds.
type agentKey struct {
	ref      string
	conn     net.Conn
	client   agent.ExtendedAgent
	patience time.Duration
	key      ssh.PublicKey
	once     sync.Once
}

func (a *agentKey) close() (err error) {
	a.once.Do(func() { err = a.conn.Close() })
	return err
}

// within gives the agent until ctx ends to answer. An agent that does not is hung up on.
func (a *agentKey) within(ctx context.Context, ask func() error) error {
	stop := context.AfterFunc(ctx, func() { a.close() })
	defer stop()
	err := ask()
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return wrong(Later, "see whether it waits for you to confirm or to touch something, or start it anew", "ask the agent for %s: it does not answer", a.ref)
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return err
}

// IsShortID reports whether s is a key id or the beginning of one, in lower-case hex:
// 8 digits are as many as nobody finds twice in a file by accident.
func IsShortID(s string) bool {
	return len(s) >= 8 && len(s) <= 64 && strings.Trim(s, "0123456789abcdef") == ""
}

// find looks for the one key of ours that a name means.
func (a *agentKey) find(ctx context.Context, name string) (entry.Key, error) {
	var listed []*agent.Key
	err := a.within(ctx, func() (err error) { listed, err = a.client.List(); return err })
	var e *Error
	switch {
	case errors.As(err, &e), err != nil && ctx.Err() != nil:
		return entry.Key{}, err
	case err != nil:
		return entry.Key{}, wrong(Later, "see whether ssh-add -l works", "ask the agent for its keys: %w", err)
	case len(listed) == 0: // a locked agent says that too
		return entry.Key{}, wrong(Refused, "ssh-add FILE loads a key, ssh-add -X unlocks the agent", "open %s: the agent is empty or locked", a.ref)
	}
	var found []entry.Key
	var unfit error
	for _, l := range listed {
		key, pub, err := ofAgent(l)
		byName := l.Comment == name && !IsShortID(name)
		byPrint := strings.HasPrefix(name, "SHA256:") && ssh.FingerprintSHA256(l) == name
		byID := false
		if err == nil && IsShortID(name) {
			parsed, e := key.Parse()
			byID = e == nil && strings.HasPrefix(parsed.ID.String(), name)
		}
		switch {
		case !byName && !byPrint && !byID:
		case err != nil:
			unfit = err
		case len(found) == 0 || found[0] != key: // some agents list a key twice
			found, a.key = append(found, key), pub
		}
	}
	switch {
	case len(found) > 1:
		return entry.Key{}, wrong(Named, "name it by its key id: pledge key show FILE.pub", "open %s: the agent holds %d such keys", a.ref, len(found))
	case len(found) == 1:
		return found[0], nil
	case unfit != nil:
		return entry.Key{}, unfit
	}
	return entry.Key{}, wrong(Named, "ssh-add FILE loads it; ssh-add -l lists what is there", "open %s: the agent holds %d keys, and not that one", a.ref, len(listed))
}

// ofAgent returns a key that an agent listed, if it is of an algorithm of ours.
func ofAgent(l *agent.Key) (entry.Key, ssh.PublicKey, error) {
	const hint = "make a key that fits: ssh-keygen -t ed25519, or -t ecdsa -b 256"
	if strings.HasPrefix(l.Format, "sk-") {
		return entry.Key{}, nil, wrong(Named, "make one without a security key: ssh-keygen -t ed25519; a token with PKCS#11 signs too",
			"the agent's key %q is one of a FIDO security key (%s): such a key never signs a message itself, but a record of its own with a counter and the message's hash in it, which no verifier of statements takes", l.Comment, l.Format)
	}
	pub, err := ssh.ParsePublicKey(l.Blob)
	if err != nil {
		return entry.Key{}, nil, wrong(Named, hint, "the agent's key %q is of no known form (%q)", l.Comment, l.Format)
	}
	if c, ok := pub.(ssh.CryptoPublicKey); ok {
		switch k := c.CryptoPublicKey().(type) {
		case ed25519.PublicKey:
			return entry.NewKey(k, entry.UseStatement), pub, nil
		case *ecdsa.PublicKey:
			if key, err := entry.NewP256Key(k, entry.UseStatement); err == nil {
				return key, pub, nil
			}
		}
	}
	return entry.Key{}, nil, wrong(Named, hint, "the agent's key %q is of the algorithm %s, with which no statement is signed", l.Comment, pub.Type())
}

func (a *agentKey) sign(ctx context.Context, msg []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, a.patience)
	defer cancel()
	var sig *ssh.Signature
	err := a.within(ctx, func() (err error) { sig, err = a.client.Sign(a.key, msg); return err })
	var e *Error
	switch {
	case errors.As(err, &e), err != nil && ctx.Err() != nil:
		return nil, err
	case err != nil:
		return nil, wrong(Refused, "see whether it asked for your consent (ssh-add -c), was locked (ssh-add -X), or no longer has the key (ssh-add -l)", "the agent did not sign: %w", err)
	}
	raw, err := rawSignature(sig, a.key.Type())
	if err != nil {
		return nil, fmt.Errorf("read what the agent signed: %w", err)
	}
	return raw, nil
}

// rawSignature turns an SSH signature into that of a statement: 64 bytes each. For ECDSA
// SSH has r and s as two multiple precision integers (RFC 5656 section 3.1.2).
func rawSignature(sig *ssh.Signature, format string) ([]byte, error) {
	if sig.Format != format || len(sig.Rest) > 0 {
		return nil, fmt.Errorf("it is in the form %q, not %q", sig.Format, format)
	}
	if format != ssh.KeyAlgoECDSA256 {
		return bytes.Clone(sig.Blob), nil
	}
	var pair struct{ R, S *big.Int }
	if err := ssh.Unmarshal(sig.Blob, &pair); err != nil {
		return nil, errors.New("it is not two integers")
	}
	return joinRS(pair.R, pair.S)
}

// joinRS writes r ‖ s, 32 bytes each.
func joinRS(r, s *big.Int) ([]byte, error) {
	if r.Sign() <= 0 || s.Sign() <= 0 || r.BitLen() > 256 || s.BitLen() > 256 {
		return nil, errors.New("its integers are not those of a signature on P-256")
	}
	out := make([]byte, 64)
	r.FillBytes(out[:32])
	s.FillBytes(out[32:])
	return out, nil
}
