package monitor

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// waitingOf is what waits: n alarms, a half of them on what ended since, of one class.
func waitingOf(n int) (list []waiting) {
	for i := range n {
		event := Raised
		if i >= n/2 {
			event = Ended
		}
		list = append(list, waiting{what: fmt.Sprintf("%032x-%s", i%(n/2), event), class: Infrastructure})
	}
	return list
}

// However many wait, and whatever becomes of them, each is looked at a few times.
func TestPassLooksAtEachAFewTimes(t *testing.T) {
	const n = 8000
	for _, c := range []struct {
		name        string
		most        int
		fails       bool // what raised is had failed before, and stands behind what ended
		takes, ends bool // the sink takes each alone; and several
	}{
		{"each alone", 1, false, true, true},
		{"many in one", 50, false, true, true},
		{"many in one, which fail together", 50, false, true, false},
		{"what ended stands before", 1, true, true, true},
		{"what ended stands before, many in one", 50, true, true, true},
		{"none is taken", 50, false, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			list := waitingOf(n)
			if c.fails {
				slices.Reverse(list)
				for i := range list {
					if strings.HasSuffix(list[i].what, string(Raised)) {
						list[i].fails = 1
					}
				}
			}
			p := newPass()
			p.begin(list)
			sent := make(map[string]bool)
			for {
				some := p.choose(c.most)
				if len(some) == 0 {
					break
				}
				switch {
				case len(some) == 1 && !c.takes:
					p.tried[some[0].what] = true
					p.strikes[some[0].class]++
				case len(some) > 1 && !c.ends:
					p.each(some)
				default:
					for _, w := range some {
						id, ended := strings.CutSuffix(w.what, "-"+string(Ended))
						if sent[w.what] || ended && !sent[id+"-"+string(Raised)] {
							t.Fatalf("%s is sent twice, or before it was raised", w.what)
						}
						sent[w.what] = true
					}
					p.remove(some...)
				}
			}
			want := n
			if !c.takes {
				want = 0
			}
			if len(sent) != want || p.left != n-want {
				t.Errorf("%d are sent and %d left of %d", len(sent), p.left, n)
			}
			if p.looked > 4*n {
				t.Errorf("%d looks at %d", p.looked, n)
			}
		})
	}
}
