package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pledgelog/pledgelog/atomicfile"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/signer"
)

// unsign takes one signature out of a draft. The statement stays as it is, and so
// do the other signatures.
func (a *app) unsign(path, id string) error {
	if !signer.IsShortID(id) {
		return commandline.Usagef("pledge sign shows the key ids in a file; give 8 to 64 of the lower-case hex digits, from the first on", "--remove: %q is no key id", id)
	}
	sub, err := readDraft(path)
	if err != nil {
		return err
	}
	var found, there []string
	for _, s := range sub.Envelope.Signatures {
		there = append(there, s.KeyID.String())
		if strings.HasPrefix(s.KeyID.String(), id) {
			found = append(found, s.KeyID.String())
		}
	}
	switch {
	case there == nil:
		return commandline.Refused(fmt.Errorf("%s has no signature", path), "there is nothing to remove")
	case found == nil:
		return commandline.Refused(fmt.Errorf("%s has no signature by a key %s", path, id), "it has those of "+strings.Join(there, ", "))
	case len(found) > 1:
		return commandline.Usagef("give more digits: "+strings.Join(found, " or "), "--remove: %s is the beginning of %d key ids in %s", id, len(found), path)
	}
	sub.Envelope.Signatures = slices.DeleteFunc(sub.Envelope.Signatures, func(s entry.Signature) bool {
		return s.KeyID.String() == found[0]
	})
	again, err := entry.ParseDraft(sub.Marshal())
	if err != nil {
		return err
	}
	if err := atomicfile.Write(path, again.Marshal(), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	a.signatures(again, signersOf(again))
	a.printf("removed     %s\n", found[0])
	return nil
}
