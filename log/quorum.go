package log

import (
	"errors"
	"fmt"
	"slices"
)

// rules is a policy made ready for use: what is known of each key, and the
// quorum as a tree. Building it line by line is also what checks a policy.
type rules struct {
	keys    map[keyRef]*party
	public  map[string]string // public key -> who has it, for messages
	origins map[string]bool
	nodes   map[string]*node // witnesses and groups by name
	logs    int
	groups  int
	// witnesses in the policy's order
	witnesses []string
	quorum    string  // "" until it is set
	of        *Policy // whose they are; nil until they are all there
}

// keyRef is how a signature line names a key.
type keyRef struct {
	name string
	id   uint32
}

// party is whose key it is: a log's, or a witness's.
type party struct {
	key     Key
	witness int // index in the policy; -1 for a log
}

// node is a witness (no members) or a group.
type node struct {
	witness int
	k       int
	members []*node
	inGroup bool // is a member already
}

func newRules() *rules {
	return &rules{
		keys:    make(map[keyRef]*party),
		public:  make(map[string]string),
		origins: make(map[string]bool),
		nodes:   make(map[string]*node),
	}
}

// addKey makes a key known. The same public key a second time is refused even
// under another name, ID or type, and so are two keys that a signature line
// can't tell apart.
func (r *rules) addKey(who string, p *party) error {
	if first, ok := r.public[string(p.key.Public)]; ok {
		return fmt.Errorf("%s has the same public key as %s", who, first)
	}
	r.public[string(p.key.Public)] = who
	ref := keyRef{p.key.Name, p.key.ID}
	if _, ok := r.keys[ref]; ok {
		return fmt.Errorf("%s has the same key name and ID as another key", who)
	}
	r.keys[ref] = p
	return nil
}

func (r *rules) addLog(l LogKey) error {
	if r.logs++; r.logs > MaxPolicyLines {
		return fmt.Errorf("more than %d logs", MaxPolicyLines)
	}
	if l.Key.Type == TypeCosignature {
		return fmt.Errorf("log %s has a key of type 0x04, which is for witnesses", l.Key.Name)
	}
	if err := checkPolicyURL(l.URL); err != nil {
		return err
	}
	r.origins[l.Key.Name] = true
	return r.addKey("log "+l.Key.Name, &party{key: l.Key, witness: -1})
}

func (r *rules) addWitness(w Witness) error {
	i := len(r.witnesses)
	if i == MaxPolicyLines {
		return fmt.Errorf("more than %d witnesses", MaxPolicyLines)
	}
	if w.Key.Type == TypeEd25519 {
		return fmt.Errorf("witness %s has a key of type 0x01, which is for logs", w.Name)
	}
	if err := checkPolicyURL(w.URL); err != nil {
		return err
	}
	if err := r.define(w.Name, &node{witness: i}); err != nil {
		return err
	}
	r.witnesses = append(r.witnesses, w.Name)
	return r.addKey("witness "+w.Name, &party{key: w.Key, witness: i})
}

func (r *rules) define(name string, n *node) error {
	if err := checkPolicyName(name); err != nil {
		return err
	}
	if _, ok := r.nodes[name]; ok {
		return fmt.Errorf("%q is defined twice", name)
	}
	r.nodes[name] = n
	return nil
}

func (r *rules) addGroup(g Group) error {
	if r.groups++; r.groups > MaxPolicyLines {
		return fmt.Errorf("more than %d groups", MaxPolicyLines)
	}
	n := &node{k: g.K}
	for _, name := range g.Members {
		m, ok := r.nodes[name]
		if !ok {
			return fmt.Errorf("group %q: member %q is not defined above it", g.Name, name)
		}
		if m.inGroup {
			return fmt.Errorf("group %q: member %q is a member already", g.Name, name)
		}
		m.inGroup = true
		n.members = append(n.members, m)
	}
	if g.K < 1 || g.K > len(n.members) {
		return fmt.Errorf("group %q: %d of %d members is not possible", g.Name, g.K, len(n.members))
	}
	return r.define(g.Name, n)
}

func (r *rules) setQuorum(name string) error {
	switch {
	case r.quorum != "":
		return errors.New("second quorum line")
	case name != QuorumNone && r.nodes[name] == nil:
		return fmt.Errorf("quorum %q is not defined above it", name)
	}
	r.quorum = name
	return nil
}

// quorumTime returns the smallest time t such that the cosignatures stamped t
// or earlier satisfy the quorum, and whether all of them do. Times holds each
// witness's earliest stamp, by its place in the policy.
//
// A group is satisfied from the moment on at which its k-th member is, so its
// time is the k-th smallest of theirs. As each name is a member at most once,
// each witness counts in one place only and the work is linear.
func (r *rules) quorumTime(times map[int]uint64) (uint64, bool) {
	return r.nodes[r.quorum].time(times)
}

// splits reports whether two disjoint sets of witnesses can each satisfy a node. A
// witness is in one of the two. Members stand in one place only, so each can be dealt
// out by itself: one that splits serves both sets, and any other can serve either. With
// d of n members that split, both sets get their k where 2k <= n + d, and only there:
// exact for any nesting, in one walk over the tree.
func (n *node) splits() bool {
	both := 0
	for _, m := range n.members {
		if m.splits() {
			both++
		}
	}
	return n.members != nil && 2*n.k <= len(n.members)+both
}

func (n *node) time(times map[int]uint64) (uint64, bool) {
	if n.members == nil {
		t, ok := times[n.witness]
		return t, ok
	}
	var have []uint64
	for _, m := range n.members {
		if t, ok := m.time(times); ok {
			have = append(have, t)
		}
	}
	if len(have) < n.k {
		return 0, false
	}
	slices.Sort(have)
	return have[n.k-1], true
}
