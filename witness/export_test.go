package witness

// Steps are the names of the steps of a cosignature, in their order.
var Steps = []string{"locked", "signed", "created", "written", "synced", "renamed", "durable"}

// OnStep has a function called at every step of a change. Its error breaks the
// change off there.
func OnStep(s *State, f func(step string) error) { s.step = f }

// MaxBody is the largest request body.
const MaxBody = maxBody

// Burst is how many cosignatures a log may have at once.
const Burst = burst
