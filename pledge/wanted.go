package pledge

import "github.com/pledgelog/pledgelog/entry"

// Signers says whose signatures a statement needs: at least Need of the keys in
// Any, or OrNeed of those in Or, and every key in Every. Those in May may sign
// beside them, and nobody else. A key may stand in several.
type Signers struct {
	Any    []entry.KeyID
	Need   int
	Or     []entry.KeyID // nil when only Any counts
	OrNeed int
	Every  []entry.KeyID
	May    []entry.KeyID
}

// SignersOf returns the rule by which JudgeSignatures judges a statement, for who
// shows whose signature is missing. A charter needs no keys in force.
func SignersOf(st *entry.Statement, in InForce) Signers {
	d := demandOf(st, in)
	if st.Kind == entry.KindCharter {
		d = charterDemand(st)
	}
	return Signers{Any: d.any, Need: d.need, Or: d.or, OrNeed: d.orNeed, Every: d.every, May: d.may}
}

// LearnKeys takes in keys in force.
func (k *Keyring) LearnKeys(in InForce) {
	sets := []entry.KeySet{in.Author, in.Recovery}
	if in.Former != nil {
		sets = append(sets, *in.Former)
	}
	for _, set := range sets {
		k.Learn(&entry.Statement{Body: &entry.Keys{Keys: set.Keys}})
	}
}
