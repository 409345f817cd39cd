package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/log"
)

// FuzzReceipt: nobody without the log's key makes a receipt of anything else than
// what the log holds.
func FuzzReceipt(f *testing.F) {
	l := newPaperLog(f, "log.accord.test/2026", "w.one.test", "w.two.test")
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	for _, name := range []string{"acme", "bolt", "corvid"} {
		l.add(leafOf(sign(f, pledgeBy(l.origin, name, 1, now), newPerson(name)), now))
	}
	policy, err := log.ParsePolicy([]byte(policyOf(2, l)))
	if err != nil {
		f.Fatal(err)
	}
	for i := range l.leaves {
		raw := l.proof(uint64(i), 2, now.Unix()).Marshal()
		if _, err := openReceipt(policy, raw); err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
		f.Add(l.proof(uint64(i), 1, now.Unix()).Marshal())
	}
	without := l.proof(0, 2, now.Unix())
	without.Extra = nil
	f.Add(without.Marshal())
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := openReceipt(policy, raw)
		if err != nil {
			return
		}
		if !bytes.Equal(r.leaf.Marshal(), l.leaves[r.proof.Index]) {
			t.Errorf("proved an entry that is not in the log: %q", raw)
		}
	})
}
