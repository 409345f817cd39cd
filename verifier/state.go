package verifier

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/atomicfile"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// StateFile is the name of the file, in the folder that Config.State names, in
// which an audit keeps where it came to.
//
// It is the line stateFormat, then four parts: what the state is of, what the audit
// found so far, the state of package pledge, and the checkpoints that it knows. Each
// part is in pieces, of which each has its length in front, as 4 big-endian bytes;
// the last piece of a part is empty. At the end stands the SHA-256 of all this. It
// holds nothing that the log does not.
const StateFile = "audit.state"

// stateFormat names the form of a state. It changes whenever what is kept, or what
// an audit makes of it, does: a state of another form is refused.
const stateFormat = "pledgelog.audit-state.v3"

// A StateError says why a state can't be used. The audit did not begin.
type StateError struct {
	Err  error
	Hint string
}

func (e *StateError) Error() string { return e.Err.Error() }
func (e *StateError) Unwrap() error { return e.Err }

// stateOf says what a state is of.
type stateOf struct {
	Log        string
	Charter    entry.ID
	Policy     string // digest of the policy
	Checkpoint string // that was audited
}

// keptAudit is what an audit found up to a place in the log, which is where a
// bundle of entries ends.
type keptAudit struct {
	Tree      []byte // log.Builder's form
	Keys      []entry.Key
	First     entry.ID // of the statement at index 0
	Counted   Statements
	Findings  []pledge.Finding
	NotListed map[entry.Code]uint64
	Texts     keptTexts
	Times     keptTimes
	Growth    []grown
}

// keptCheckpoint is a checkpoint that the log signed, as an audit saw it.
type keptCheckpoint struct {
	Note   string
	Timed  bool  // it had a quorum time
	Time   int64 // then
	Quorum bool  // its quorum was reached
}

// A resumable is a state that was read.
type resumable struct {
	of    stateOf
	kept  keptAudit
	state *pledge.State
	known []signed // their signatures were verified by the policy that it is of
	tree  *log.Builder
}

// isBy reports whether a policy is the one that the state was made by.
func (r *resumable) isBy(p *log.Policy) bool { return r.of.Policy == policyDigest(p) }

// size is how many entries it is of.
func (r *resumable) size() uint64 { return r.tree.Size() }

// readState reads the state in a folder; nil when there is none yet.
func readState(dir string) (*resumable, error) {
	path := filepath.Join(dir, StateFile)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, &StateError{fmt.Errorf("read state: %w", err), "name a folder of your own that can be read and written"}
	}
	defer f.Close()
	r := &resumable{}
	if err := r.read(f); err != nil {
		return nil, &StateError{fmt.Errorf("read state in %s: %w", path, err), "name another folder, or delete this file: the audit then reads the log from its beginning"}
	}
	return r, nil
}

var errStateDamaged = errors.New("it was damaged or cut short")

func (r *resumable) read(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	head := make([]byte, len(stateFormat)+1)
	if _, err := io.ReadFull(f, head); err != nil || string(head) != stateFormat+"\n" {
		return errors.New("it is no state of this version of the program")
	}
	if info.Size() < int64(len(head)+sha256.Size) {
		return errStateDamaged
	}
	if err := checkSum(f, info.Size()-sha256.Size); err != nil {
		return err
	}
	if _, err := f.Seek(int64(len(head)), io.SeekStart); err != nil {
		return err
	}
	var known []keptCheckpoint
	in := bufio.NewReaderSize(io.LimitReader(f, info.Size()-int64(len(head))-sha256.Size), 1<<16)
	for _, part := range []func(io.Reader) error{
		readJSON(&r.of),
		readJSON(&r.kept),
		func(p io.Reader) (err error) {
			r.state, err = pledge.Restore(p)
			return err
		},
		readJSON(&known),
	} {
		p := &pieces{in: in}
		if err := part(p); err != nil {
			return err
		}
		if !p.ended {
			return errStateDamaged
		}
	}
	if _, err := in.ReadByte(); err != io.EOF {
		return errStateDamaged
	}
	r.tree, err = log.ParseBuilder(r.kept.Tree, nil)
	if err != nil {
		return err
	}
	if r.tree.Size() != r.state.Size() || r.tree.Size()%log.TileWidth != 0 || r.of.Log != r.state.Origin() {
		return errStateDamaged
	}
	r.known = make([]signed, len(known))
	for i, k := range known {
		if r.known[i], err = k.read(); err != nil {
			return errStateDamaged
		}
	}
	if r.kept.Texts.Seals == nil {
		r.kept.Texts.Seals = make(map[uint64]*sealed)
	}
	return nil
}

// checkSum compares the first n bytes of a file with the digest that follows them.
func checkSum(f *os.File, n int64) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	sum, want := sha256.New(), make([]byte, sha256.Size)
	if _, err := io.CopyN(sum, f, n); err != nil {
		return err
	}
	if _, err := io.ReadFull(f, want); err != nil {
		return err
	}
	if !bytes.Equal(sum.Sum(nil), want) {
		return errStateDamaged
	}
	return nil
}

func readJSON(v any) func(io.Reader) error {
	return func(p io.Reader) error { return json.UnmarshalRead(p, v, json.RejectUnknownMembers(true)) }
}

// pieces reads a part of a state.
type pieces struct {
	in    io.Reader
	left  uint32 // of this piece
	ended bool
}

func (p *pieces) Read(b []byte) (int, error) {
	for p.left == 0 {
		if p.ended {
			return 0, io.EOF
		}
		var length [4]byte
		if _, err := io.ReadFull(p.in, length[:]); err != nil {
			return 0, errStateDamaged
		}
		p.left = binary.BigEndian.Uint32(length[:])
		p.ended = p.left == 0
	}
	n, err := p.in.Read(b[:min(len(b), int(p.left))])
	p.left -= uint32(n)
	if err == io.EOF {
		err = errStateDamaged
	}
	return n, err
}

// A stateWriter writes a state beside the one that is there, which it replaces when
// it is committed.
type stateWriter struct {
	file *atomicfile.File
	sum  hash.Hash
	out  *bufio.Writer // to both
	size uint64        // how many entries it is of
}

// newState begins to write a state.
func newState(dir string) (*stateWriter, error) {
	file, err := atomicfile.Create(filepath.Join(dir, StateFile), 0o600)
	if err != nil {
		return nil, err
	}
	w := &stateWriter{file: file, sum: sha256.New()}
	w.out = bufio.NewWriterSize(io.MultiWriter(file, w.sum), 1<<16)
	_, err = w.out.WriteString(stateFormat + "\n")
	return w, err
}

// part writes a part of it.
func (w *stateWriter) part(write func(io.Writer) error) error {
	p := bufio.NewWriterSize(pieceWriter{w.out}, 1<<16)
	if err := write(p); err != nil {
		return err
	}
	if err := p.Flush(); err != nil {
		return err
	}
	_, err := w.out.Write(make([]byte, 4))
	return err
}

func writeJSON(v any) func(io.Writer) error {
	return func(p io.Writer) error { return json.MarshalWrite(p, v, json.Deterministic(true)) }
}

type pieceWriter struct{ out io.Writer }

func (p pieceWriter) Write(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	if _, err := p.out.Write(binary.BigEndian.AppendUint32(nil, uint32(len(b)))); err != nil {
		return 0, err
	}
	return p.out.Write(b)
}

// commit ends it and puts it in place.
func (w *stateWriter) commit() error {
	if err := w.out.Flush(); err != nil {
		return err
	}
	if _, err := w.file.Write(w.sum.Sum(nil)); err != nil {
		return err
	}
	return w.file.Commit()
}

// clearState makes the folder of a state, and takes away what audits that were cut
// off have left in it.
func clearState(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	list, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range list {
		// One that is being written now, by another audit, is younger.
		if info, err := e.Info(); err == nil && (strings.HasPrefix(e.Name(), "."+StateFile) || strings.HasPrefix(e.Name(), "."+SeenFile)) && time.Since(info.ModTime()) > 24*time.Hour {
			os.Remove(filepath.Join(dir, e.Name()))
		}
	}
	return nil
}

// policyDigest names a policy.
func policyDigest(p *log.Policy) string {
	sum := sha256.Sum256(p.Marshal())
	return hex.EncodeToString(sum[:])
}
