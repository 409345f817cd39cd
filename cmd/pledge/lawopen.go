package main

import (
	"errors"
	"slices"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

// tell applies the law card of a request to what of it is opened now: that there is such a
// request is told already.
func (o *opening) tell(d *drafting, permission string) error {
	d.permission = permission
	whole, err := entry.Unseal(o.sub.Statement, o.sub.Body, o.disclosures)
	if err != nil {
		return nil // it is held to its statement elsewhere
	}
	b, ok := whole.(*entry.RequestBody)
	if !ok {
		return nil
	}
	now := func(member string) bool {
		return slices.ContainsFunc(d.disclosures, func(o entry.Disclosure) bool { return o.Name == member })
	}
	var kept entry.KeptBack
	for _, member := range o.members() {
		if !now(member) {
			kept.Members = append(kept.Members, member)
		}
	}
	for _, r := range entry.RequestWay(b, kept, "").Reasons {
		if r.Code != entry.ReasonContentsForbidden || d.body == nil && !slices.ContainsFunc(r.Members, now) {
			continue
		}
		if permission == "" {
			return commandline.Refused(errors.New("the instrument: "+r.Text+" ("+r.Code+")"), "leave it as it is; or cite what permits it, --permission FILE, which is not logged. pledge law shows the card. "+entry.LawCards().Notice)
		}
		d.note("%s (%s); a permission is cited, and whether it covers what is opened is for counsel to say", r.Text, r.Code)
	}
	if day, err := entry.ParseDate(b.GagReview); err == nil && day > d.st.Made {
		d.note("the text says that its secrecy is looked at again at a later day (gagReview): see that it is lifted now")
	}
	return nil
}
