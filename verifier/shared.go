package verifier

import (
	"fmt"
	"strings"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// policyKeys are the keys of a policy by their bytes, with what each is for: a key of
// statements is never one of them (protocol section 2). The rules of the log, which
// know no policy, compare with the checkpoint keys that the charter lists alone.
type policyKeys map[string]string

func newPolicyKeys(p *log.Policy) policyKeys {
	keys := make(policyKeys)
	for _, l := range p.Logs {
		keys[string(l.Key.Public)] = "for checkpoints of " + l.Key.Name
	}
	for _, w := range p.Witnesses {
		keys[string(w.Key.Public)] = "for the witness " + w.Name
	}
	return keys
}

// shared finds the keys that an accepted statement brings and that the policy names.
func (p policyKeys) shared(it *pledge.Item) []pledge.Finding {
	type owned struct {
		by  string
		set entry.KeySet
	}
	var sets []owned
	switch b := it.Statement.Body.(type) {
	case *entry.Charter:
		sets = []owned{{"The secretariat", b.Secretariat}, {"The secretariat", b.Recovery}, {"The operator", b.Operator}}
	case *entry.Admit:
		sets = []owned{{b.Name, b.KeySet()}}
	case *entry.Keys:
		sets = []owned{{strings.ToUpper(it.Statement.Author[:1]) + it.Statement.Author[1:], b.KeySet()}}
	case *entry.Amend:
		for _, set := range b.KeySets() {
			sets = append(sets, owned{"The secretariat or the operator", set})
		}
	}
	var found []pledge.Finding
	for _, s := range sets {
		for _, k := range s.set.Keys {
			key, err := k.Parse()
			if err != nil {
				continue
			}
			if what, ok := p[string(key.Raw)]; ok {
				f := at(finding(FindKeyShared, fmt.Sprintf("%s has a key for statements that the policy names %s.", s.by, what)), it.Index)
				f.Entry = it.Statement.ID.String()
				found = append(found, f)
			}
		}
	}
	return found
}
