package page

import "maps"

// english is the catalogue of interface texts: all of them, for every page, and
// nothing else has any. A key that is missing, that stands there twice, or that
// nothing uses, fails a test. {name} is filled in. Keys that end in .one and
// .other depend on a number, {n}.
//
// They are quoted by people who mean them in earnest. Say who states what; state
// no motive; claim nothing that the log does not show. What the charter says,
// take from the charter: another accord has other terms.
var english = rooms(englishStatements, englishKinds, englishSite)

func rooms(all ...map[string]string) map[string]string {
	out := make(map[string]string)
	for _, room := range all {
		maps.Copy(out, room)
	}
	return out
}
