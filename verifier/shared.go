package verifier

import (
	"fmt"

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
	var found []pledge.Finding
	for _, set := range pledge.KeySets(it.Statement) {
		for _, k := range set.Keys {
			key, err := k.Parse()
			if err != nil {
				continue
			}
			if what, ok := p[string(key.Raw)]; ok {
				f := at(finding(FindKeyShared, fmt.Sprintf("This statement brings a key for statements that the policy names %s.", what)), it.Index)
				f.Entry = it.Statement.ID.String()
				found = append(found, f)
			}
		}
	}
	return found
}
