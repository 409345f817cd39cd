package intake

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// An OperatorKey signs the statements that the server makes itself.
type OperatorKey struct {
	ID   entry.KeyID
	Sign func(pae []byte) ([]byte, error)
}

// DefaultDirectoryAfter is how long after the log grew a directory is made, when a
// configuration does not say otherwise. One is due within a day.
const DefaultDirectoryAfter = 6 * time.Hour

// directory makes the directory that is due at a moment, takes it into the state
// and returns it; nil when none is due. The caller holds in.mu, and writes it to the
// order of record with what was sequenced before it: so nothing can slip between
// what it is about and its place (protocol section 4).
func (in *Intake) directory(now int64) *outcome {
	if len(in.cfg.Operator) == 0 {
		return nil
	}
	since, _, due := in.state.DirectoryDue()
	now = max(now, in.state.Now())
	if !due || now < since+int64(in.cfg.DirectoryAfter/time.Second) && !in.state.Ended(now) {
		in.reportDirectory(nil)
		return nil
	}
	it, err := in.makeDirectory(now)
	if err != nil {
		in.reportDirectory(err)
		return nil
	}
	in.reportDirectory(nil)
	o := in.take(it)
	in.log.Info("a directory was made", "size", it.Index)
	return &o
}

func (in *Intake) reportDirectory(err error) {
	if in.directoryTrouble.set(err) && err != nil {
		in.log.Error("the directory that is due is not made", "error", err.Error())
	}
}

func (in *Intake) makeDirectory(now int64) (*pledge.Item, error) {
	root, err := pledge.DirectoryRoot(in.state.Directory())
	if err != nil {
		return nil, err
	}
	it, err := in.operatorStatement(entry.KindDirectory, &entry.Directory{Root: root, Size: in.state.Size()}, now)
	if err != nil {
		return nil, err
	}
	if v := in.state.Judge(it); v.Kind != pledge.Accepted {
		return nil, fmt.Errorf("%s: %s", v.Code, v.Detail)
	}
	return it, nil
}

// operatorStatement makes the operator's next statement, signed, to be logged at a
// moment as the next entry.
func (in *Intake) operatorStatement(kind entry.Kind, body entry.TreeBody, now int64) (*pledge.Item, error) {
	seq, head, ok := in.state.HeadIn(entry.AuthorOperator, entry.LaneMain)
	if !ok {
		return nil, errors.New("the log has no operator yet")
	}
	st := &entry.Statement{
		Log: in.cfg.Origin, Author: entry.AuthorOperator, Lane: entry.LaneMain, Seq: seq + 1, Prev: head,
		Made: max(now, in.state.LastMade(entry.AuthorOperator, entry.LaneMain)), Kind: kind, Body: body,
	}
	env, err := in.signAsOperator(st, now)
	if err != nil {
		return nil, err
	}
	if st, err = entry.ParseStatement(env); err != nil {
		return nil, err
	}
	it := pledge.Draft(in.state.Size(), now, &entry.Submission{Envelope: env, Statement: st})
	return it, in.keys.TryStrict(it)
}

// signAsOperator signs with as many of the keys at hand as the operator's threshold
// wants.
func (in *Intake) signAsOperator(st *entry.Statement, now int64) (*entry.Envelope, error) {
	payload, err := st.Payload()
	if err != nil {
		return nil, err
	}
	env := &entry.Envelope{Payload: payload}
	inForce, _ := in.state.KeysOf(entry.AuthorOperator, now)
	parsed, err := inForce.Author.Parse()
	if err != nil {
		return nil, err
	}
	need := int(inForce.Author.Threshold)
	for _, key := range in.cfg.Operator {
		if len(env.Signatures) == need {
			break
		}
		for _, p := range parsed {
			if p.ID != key.ID || p.Use != entry.UseStatement {
				continue
			}
			sig, err := key.Sign(env.PAE())
			if err != nil {
				return nil, fmt.Errorf("sign as operator: %w", err)
			}
			env.Sign(key.ID, sig)
		}
	}
	if n := len(env.Signatures); n < need {
		return nil, fmt.Errorf("%d of the %d operator keys whose signatures are needed are in the configuration", n, need)
	}
	return env, nil
}

// OperatorKeys returns how many of the configured operator keys are in force, and
// how many must sign.
func (in *Intake) OperatorKeys() (have, need int) {
	in.mu.RLock()
	defer in.mu.RUnlock()
	inForce, _ := in.state.KeysOf(entry.AuthorOperator, in.state.Now())
	parsed, err := inForce.Author.Parse()
	if err != nil {
		return 0, int(inForce.Author.Threshold)
	}
	for _, key := range in.cfg.Operator {
		if slices.ContainsFunc(parsed, func(p *entry.PublicKey) bool { return p.ID == key.ID && p.Use == entry.UseStatement }) {
			have++
		}
	}
	return have, int(inForce.Author.Threshold)
}

// A Status is how the log stands beside its readiness.
type Status struct {
	Size      uint64 // entries in the order of record
	Published uint64 // entries that the published checkpoint covers

	// Witnessed says that the policy wants witnesses, and QuorumTime, Unix seconds,
	// what time their quorum gave last since the server started; 0 when it has not.
	Witnessed  bool
	QuorumTime int64

	// Operator says that the server has a key with which it makes directories.
	Operator bool
	// Directory is the newest directory in the order of record; nil when there is
	// none.
	Directory *pledge.Mark
	// DirectorySince is when the first entry was logged that no directory covers,
	// DirectoryDue by when one is due; 0 when the newest covers everything.
	DirectorySince, DirectoryDue int64
	// DirectoryTrouble is why a directory that is due is not made, EraseTrouble why
	// an erased text is not deleted yet; nil when all is well.
	DirectoryTrouble, EraseTrouble error

	// Ends is the moment at which the log ends, 0 when no end was announced; Ended
	// says that it has come. Successor is the origin of the log that goes on, "" when
	// none was named.
	Ends      int64
	Ended     bool
	Successor string
}

// directories is how the log stands with its directories.
type directories struct {
	last       *pledge.Mark
	since, due int64
}

// noteDirectories notes how the order of record stands with its directories: the
// state may be ahead of it.
func (in *Intake) noteDirectories() {
	in.mu.RLock()
	defer in.mu.RUnlock()
	d := &directories{last: in.state.LastDirectory()}
	if since, due, ok := in.state.DirectoryDue(); ok {
		d.since, d.due = since, due
	}
	in.recorded.Store(d)
}

// Status says how the log stands.
func (in *Intake) Status() Status {
	in.mu.RLock()
	defer in.mu.RUnlock()
	d := in.recorded.Load()
	s := Status{
		Size: in.Size(), Published: in.publishedSize(), Operator: len(in.cfg.Operator) > 0,
		Directory: d.last, DirectorySince: d.since, DirectoryDue: d.due,
		DirectoryTrouble: in.directoryTrouble.get(), EraseTrouble: in.eraseTrouble.get(),
	}
	s.QuorumTime, s.Witnessed = in.quorumTime()
	if at, successor, ok := in.state.Ends(); ok {
		now, err := in.time()
		s.Ends, s.Successor, s.Ended = at, successor, err == nil && in.state.Ended(now) || in.state.Ended(in.state.Now())
	}
	return s
}
