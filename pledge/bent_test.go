package pledge_test

import (
	"bytes"
	"encoding/binary"
	"maps"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/pledge"
)

// A good log, as those bend it who want to see whether the rules hold.
type good struct {
	world  *generator.World
	leaves [][]byte
	items  map[string]*pledge.Item // by leaf: read, their signatures tried
	ring   *pledge.Keyring         // every key that a leaf brings

	// values are what members of that name hold anywhere in the log, each once.
	values map[string][]any
}

// playEveryKind logs few statements in which every kind occurs, most of them in
// several forms, and none of them breaks a rule. All keys are Ed25519: the algorithm
// is nothing to the rules, and the others are slow to sign with.
func playEveryKind() *generator.World {
	x := newCast(91)
	day := func(n int) { x.Advance(time.Duration(n) * 24 * time.Hour) }
	fresh := func(name string) generator.Ring { return generator.Ring{Keys: x.NewKeys(name, 2), Threshold: 2} }

	// What was said of a request, and said again.
	second := x.Request(x.b, "2025-01", nil)
	filed := x.Log(second)
	third := x.Request(x.b, "2025-01", nil)
	x.Log(third)
	answer := x.Decision(filed, "complied", nil)
	x.Log(answer)
	x.Log(x.Correct(second, third, nil))
	x.Log(x.Decision(filed, "partly-complied", nil))
	x.Log(x.Correct(answer, nil, nil))
	x.Log(x.Slot(x.b, entry.SlotPeriodAt(entry.SlotsWeek, x.Now())))
	x.Log(x.Publish(x.committed))
	x.Log(x.Extend(x.withheld, "2025-08-01", "other"))
	for range 2 {
		x.Log(x.Request(x.b, "2025-01", nil).Withhold("2025-06-01"))
	}
	day(1)
	x.Log(x.OpenText(x.withheld, "other"))
	x.Log(x.Erase(x.request, x.request.BodyDigest, entry.BasisSafety, "ref-1"))

	// Keys of its own, and keys of last resort: cancelled, in force, confirmed.
	old := x.a.Ring()
	x.Log(x.Rotate(x.b, generator.Ring{Keys: x.NewKeys("rotated", 2), Threshold: 1, Slot: x.b.SlotKey}))
	x.Log(x.Rekey(x.b, fresh("refused")))
	x.Log(x.Request(x.b, "2025-01", nil))
	x.Log(x.Standing(x.a, entry.StandingSuspended, "other"))
	x.Log(x.Rekey(x.a, generator.Ring{Keys: x.NewKeys("last", 1), Threshold: 1, Slot: x.a.SlotKey}))
	day(15)
	x.Log(x.Standing(x.a, entry.StandingReinstated, "other"))
	last := x.Compromised(x.a, generator.Ring{Keys: x.NewKeys("own", 1), Threshold: 1, Slot: x.a.SlotKey}, x.decision.ID)
	last.Signers = slices.Concat(last.Signers, old.Signers())
	x.Log(last)

	// Challenges, and terms that change.
	dispute := x.Challenge(x.c, x.b, nil, nil)
	x.Log(dispute)
	reply := x.Reply(x.b, &entry.Reply{Challenge: dispute.ID, Answer: entry.AnswerDisputed}, nil)
	x.Log(reply)
	better := x.Reply(x.b, &entry.Reply{Challenge: dispute.ID, Answer: entry.AnswerAccepted}, nil)
	x.Log(better)
	x.Log(x.Correct(reply, better, nil))
	x.Log(x.Challenge(x.c, x.a, &entry.Challenge{Entry: x.withheld.ID}, nil))
	x.Log(x.Amend(&entry.Amend{From: "2025-03-01T00:00:00Z", GraceDays: 20, Slots: entry.SlotsMonth}, generator.Amended{}, nil))
	x.Log(x.Recover(fresh("new secretariat")))

	// Accounts, and who leaves and comes back.
	x.SetNow(unix("2025-04-03 10:00:00"))
	for _, p := range []*generator.Author{x.a, x.b} {
		x.Log(x.Attestation(p, period("2025-Q1")))
	}
	first := x.Attestation(x.b, period("2024-Q4"))
	x.Log(first)
	other := x.Attestation(x.b, period("2024-Q4"))
	x.Log(other)
	x.Log(x.Correct(first, other, nil))
	x.Log(x.Pledge(x.fresh))
	x.Log(x.Standing(x.fresh, entry.StandingProposed, "other"))
	x.Log(x.Standing(x.fresh, entry.StandingRemoved, "other"))
	day(1)
	x.Log(x.Readmit(x.fresh, x.fresh.Ring()))
	x.Log(x.Pledge(x.fresh))
	x.Log(x.Succeed(x.a, x.fresh))
	x.Log(x.Withdraw(x.b, nil))
	x.Log(x.Withdraw(x.c, nil))
	x.Conclude("log.another.example/2026")
	return x.World
}

// TestPlayEveryKind holds the log that FuzzReplay bends to what is said of it.
func TestPlayEveryKind(t *testing.T) {
	w := playEveryKind()
	_, verdicts, _ := replay(w)
	kinds := make(map[entry.Kind]bool)
	for i, v := range verdicts {
		it := pledge.Read(uint64(i), w.Logged[i].Leaf)
		if v.Kind != pledge.Accepted {
			t.Errorf("entry %d is %+v", i, v)
			continue
		}
		kinds[it.Statement.Kind] = true
	}
	for _, k := range entry.Kinds {
		if !kinds[k] {
			t.Errorf("there is no %s", k)
		}
	}
	t.Logf("%d statements", len(verdicts))
}

func newGood(tb testing.TB) *good {
	w := playEveryKind()
	g := &good{world: w, items: make(map[string]*pledge.Item), ring: pledge.NewKeyring(), values: make(map[string][]any)}
	seen := make(map[string]bool)
	for i, e := range w.Logged {
		it := pledge.Read(uint64(i), e.Leaf)
		g.ring.Learn(it.Statement)
		g.leaves, g.items[string(e.Leaf)] = append(g.leaves, e.Leaf), it
		var payload map[string]any
		if err := json.Unmarshal(it.Leaf.Statement.Payload, &payload); err != nil {
			tb.Fatal(err)
		}
		g.gather(seen, payload)
	}
	g.ring.TryAll(slices.Collect(maps.Values(g.items)))
	return g
}

func (g *good) gather(seen map[string]bool, v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			g.gather(seen, e)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			b, _ := json.Marshal(v[name], json.Deterministic(true))
			if key := name + string(b); !seen[key] {
				seen[key] = true
				g.values[name] = append(g.values[name], v[name])
			}
			g.gather(seen, v[name])
		}
	}
}

// item is a leaf, read and tried, at that place.
func (g *good) item(index uint64, leaf []byte) *pledge.Item {
	if it := g.items[string(leaf)]; it != nil {
		at := *it
		at.Index = index
		return &at
	}
	it := pledge.Read(index, leaf)
	g.ring.Learn(it.Statement) // an id has one key, whoever brings it
	g.ring.Try(it)
	return it
}

// A script is what the fuzzer wrote: bytes that say what is done to the log. When
// they are at an end, all that is drawn is 0.
type script struct{ left []byte }

func (s *script) byte() byte {
	if len(s.left) == 0 {
		return 0
	}
	b := s.left[0]
	s.left = s.left[1:]
	return b
}

// number draws one from 0 to 65535.
func (s *script) number() int { return int(s.byte()) | int(s.byte())<<8 }

// below draws a number from 0 up to n, which is not in.
func (s *script) below(n int) int {
	switch {
	case n <= 1:
		return 0
	case n <= 256:
		return int(s.byte()) % n
	}
	return s.number() % n
}

func (s *script) bytes(n int) []byte {
	n = min(n, len(s.left))
	b := s.left[:n]
	s.left = s.left[n:]
	return b
}

// pick draws one of a list.
func pick[T any](s *script, list []T) T { return list[s.below(len(list))] }

// maxEdits bounds the edits of one script.
const maxEdits = 24

// bend does what a script says to some of the log's leaves, from the first on, and
// returns what became of them.
func (g *good) bend(s *script) [][]byte {
	size := min(len(g.leaves), 8+int(s.byte()))
	leaves := slices.Clone(g.leaves[:size])
	fit := s.byte()&1 == 1
	for range maxEdits {
		if len(s.left) == 0 || len(leaves) == 0 {
			break
		}
		what, i := s.byte(), s.below(len(leaves))
		switch what % 8 {
		case 0: // dropped
			leaves = slices.Delete(leaves, i, i+1)
		case 1: // swapped
			j := s.below(len(leaves))
			leaves[i], leaves[j] = leaves[j], leaves[i]
		case 2: // repeated
			leaves = slices.Insert(leaves, s.below(len(leaves)+1), leaves[i])
		case 3: // inserted
			leaves = slices.Insert(leaves, i, slices.Clone(s.bytes(int(s.byte()))))
		case 4: // its bytes changed
			leaf := slices.Clone(leaves[i])
			if len(leaf) > 0 {
				at := s.below(len(leaf))
				copy(leaf[at:], s.bytes(1+int(s.byte()%4)))
			}
			leaves[i] = leaf
		case 5, 6: // made anew
			leaves[i] = g.remake(s, leaves, i)
		case 7: // logged at another time
			leaves[i] = g.retime(s, leaves[i])
		}
	}
	if fit {
		return g.fit(leaves)
	}
	return leaves
}

// oddTimes are moments at which something could go wrong: none, the ends of what
// JSON and the protocol's dates can say.
var oddTimes = []int64{0, 1, -1, 1<<53 - 1, 253402300799, 253402300800, 4102444800}

func (g *good) retime(s *script, leaf []byte) []byte {
	l, err := entry.ParseLeaf(leaf)
	if err != nil {
		return leaf
	}
	to := l.Logged
	switch s.byte() % 3 {
	case 0:
		to = pick(s, oddTimes)
	case 1:
		to += int64(int16(binary.BigEndian.Uint16([]byte{s.byte(), s.byte()}))) * 3600
	case 2:
		if other, err := entry.ParseLeaf(pick(s, g.leaves)); err == nil {
			to = other.Logged
		}
	}
	return (&entry.Leaf{Logged: to, Statement: l.Statement}).Marshal()
}

// odd are values that hardly any member may have.
var odd = []any{nil, "", float64(0), float64(1), float64(1<<53 - 1), true, []any{}, map[string]any{}, "x", "9999-12-31"}

// remake changes a member of a statement and has it signed again, by the right keys
// or others.
func (g *good) remake(s *script, leaves [][]byte, i int) []byte {
	l, err := entry.ParseLeaf(leaves[i])
	if err != nil || entry.CheckCanonical(l.Statement.Payload) != nil || l.Statement.Payload[0] != '{' {
		return leaves[i]
	}
	payload := generator.Edit(l.Statement.Payload, func(m map[string]any) {
		for {
			name := pick(s, slices.Sorted(maps.Keys(m)))
			if inner, ok := m[name].(map[string]any); ok && len(inner) > 0 && s.byte()%8 != 0 {
				m = inner
				continue
			}
			if list, ok := m[name].([]any); ok && len(list) > 0 && s.byte()%4 != 0 {
				at := s.below(len(list))
				if inner, ok := list[at].(map[string]any); ok && len(inner) > 0 && s.byte()%4 != 0 {
					m = inner
					continue
				}
				switch s.byte() % 3 {
				case 0:
					m[name] = slices.Delete(slices.Clone(list), at, at+1)
				case 1:
					m[name] = slices.Insert(slices.Clone(list), at, list[at])
				case 2:
					list[at] = pick(s, list)
				}
				return
			}
			switch s.byte() % 8 {
			case 0:
				delete(m, name)
			case 1:
				m[name] = pick(s, odd)
			case 2: // one that belongs elsewhere
				other := pick(s, slices.Sorted(maps.Keys(g.values)))
				m[other] = pick(s, g.values[other])
			default:
				if n, ok := m[name].(float64); ok && s.byte()%2 == 0 {
					m[name] = n + float64(int8(s.byte()))
				} else if values := g.values[name]; len(values) > 0 {
					m[name] = pick(s, values)
				}
			}
			return
		}
	})
	signers := keysOn(l)
	switch s.byte() % 8 {
	case 0: // the signatures are those of what it was before
		return (&entry.Leaf{Logged: l.Logged, Statement: &entry.Envelope{Payload: payload, Signatures: l.Statement.Signatures}}).Marshal()
	case 1: // another's keys
		if o, err := entry.ParseLeaf(pick(s, leaves)); err == nil {
			signers = keysOn(o)
		}
	case 2: // another's too
		if o, err := entry.ParseLeaf(pick(s, leaves)); err == nil {
			signers = append(signers, keysOn(o)...)
		}
	case 3: // one less
		signers = signers[:len(signers)-1]
	}
	return g.sign(l.Logged, payload, signers)
}

func keysOn(l *entry.Leaf) []entry.KeyID {
	var ids []entry.KeyID
	for _, sig := range l.Statement.Signatures {
		ids = append(ids, sig.KeyID)
	}
	return ids
}

// sign makes the leaf of a payload, signed by these keys, each of them once.
func (g *good) sign(logged int64, payload []byte, ids []entry.KeyID) []byte {
	env := &entry.Envelope{Payload: payload, Signatures: []entry.Signature{}}
	pae := env.PAE()
	slices.SortFunc(ids, func(a, b entry.KeyID) int { return bytes.Compare(a[:], b[:]) })
	for _, id := range slices.Compact(ids) {
		if key := g.world.KeyOf(id); key != nil {
			env.Sign(id, key.Sign(pae))
		} else {
			env.Sign(id, make([]byte, 64))
		}
	}
	return (&entry.Leaf{Logged: logged, Statement: env}).Marshal()
}

var hexID = regexp.MustCompile(`[0-9a-f]{64}`)

// fit makes the leaves follow each other again, so that an edit goes deeper than the
// first rule that it breaks: seq, prev, references to statements that were made
// anew, and directories.
func (g *good) fit(leaves [][]byte) [][]byte {
	out, state, renamed := make([][]byte, 0, len(leaves)), pledge.New(g.world.Options.Origin), make(map[string]string)
	for i, leaf := range leaves {
		it := g.item(uint64(i), leaf)
		if it.Statement != nil {
			leaf = g.fitOne(state, it, leaf, renamed)
			it = g.item(uint64(i), leaf)
		}
		out = append(out, leaf)
		state.Step(it)
	}
	return out
}

func (g *good) fitOne(state *pledge.State, it *pledge.Item, leaf []byte, renamed map[string]string) []byte {
	before := it.Leaf.Statement
	payload := hexID.ReplaceAllFunc(before.Payload, func(id []byte) []byte {
		if to, ok := renamed[string(id)]; ok {
			return []byte(to)
		}
		return id
	})
	seq, head, known := state.HeadIn(it.Statement.Author, it.Statement.Lane)
	if _, taken := state.Find(it.Statement.ID); known && !taken {
		payload = generator.Edit(payload, func(m map[string]any) {
			delete(m, "prev")
			if m["seq"] = float64(seq + 1); seq > 0 {
				m["prev"] = head.String()
			}
			if body, ok := m["body"].(map[string]any); ok && it.Statement.Kind == entry.KindDirectory {
				if root, err := pledge.DirectoryRoot(rowsAt(state, it.Leaf.Logged)); err == nil {
					body["root"], body["size"] = root, float64(it.Index)
				}
			}
		})
	}
	if bytes.Equal(payload, before.Payload) {
		return leaf
	}
	after := g.sign(it.Leaf.Logged, payload, keysOn(it.Leaf))
	if l, err := entry.ParseLeaf(after); err == nil {
		renamed[before.ID().String()] = l.Statement.ID().String()
	}
	return after
}

// rowsAt are the rows of a directory when that moment was reached: keys of last
// resort come into force with time alone.
func rowsAt(s *pledge.State, logged int64) []entry.Row {
	rows := s.Directory()
	for i := range rows {
		if in, ok := s.KeysOf(rows[i].Author, logged); ok {
			rows[i].Keys = in.Author.Digest()
		}
	}
	return rows
}
