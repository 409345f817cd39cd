package witness

import "github.com/pledgelog/pledgelog/verifier"

// Take weighs a report as an audit of its own does, with texts being new or known.
func Take(o *Audited, r *verifier.Report, isNew func(Named) bool) error {
	o.take(r)
	o.wait(isNew)
	return o.keep(r)
}

// Steps are the names of the steps of a cosignature, in their order.
var Steps = []string{"locked", "signed", "created", "written", "synced", "renamed", "durable"}

// OnStep has a function called at every step of a change. Its error breaks the
// change off there.
func OnStep(s *State, f func(step string) error) { s.step = f }

// MaxBody is the largest request body.
const MaxBody = maxBody

// Burst is how many cosignatures a log may have at once.
const Burst = burst

// ReadLog reads the file of a log and writes it again.
func ReadLog(b []byte) (l *Log, again []byte, err error) {
	if l, err = parseLog(b); err != nil {
		return nil, nil, err
	}
	again, err = l.marshal()
	return l, again, err
}
