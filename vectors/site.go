package vectors

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// A site is the folder of a chain's log, as an operator would leave it. It holds
// less than 256 leaves, and tiles for its newest checkpoint alone.
type site struct {
	keys    *checkpoints
	texts   map[string][]byte // all that there are, by digest
	public  map[string][]byte // those that are served
	archive []string          // signed checkpoints, oldest first
	marked  int64             // when the last one was made
}

// witnesses cosign each checkpoint of a site, so many seconds after it was made: with
// two of three the quorum's time is that of the second.
var witnesses = []struct {
	who   string
	after uint64
}{{"w1", 5}, {"w2", 9}, {"w3", 7}}

const quorumAfter = 7

// newLog is a chain that is written as a log.
func newLog(about, start string, slots string) *chain {
	first := charter("quarter", slots)
	first.body = replace(first.body, `"$vkey"`, `"$policy(log)"`)
	c := newChain(about, start, st{})
	c.site = &site{keys: newCheckpoints(), texts: make(map[string][]byte), public: make(map[string][]byte)}
	c.say(first)
	return c
}

// text takes in a text and returns its digest.
func (s *site) text(b []byte) string {
	d := digest(b)
	s.texts[d] = b
	return d
}

// take publishes the texts of an accepted statement, or deletes one.
func (s *site) take(c *chain, of st) {
	if of.detached != "" {
		body := []byte(c.write(of.detached))
		if d := s.text(body); of.review == "" {
			s.public[d] = body
		}
	}
	for _, d := range of.opens {
		s.public[d] = s.texts[d]
	}
	delete(s.public, of.erases)
}

// mark publishes what was logged so far, with a checkpoint half a minute later.
func (c *chain) mark() { c.site.mark(c, c.now+30) }

func (s *site) mark(c *chain, at int64) {
	text := checkpointText(Origin, uint64(len(c.out.Leaves)), root(c.leafBytes()))
	s.archive = append(s.archive, s.cosigned(text, at))
	s.marked = at
}

func (s *site) cosigned(text string, at int64) string {
	note := text + "\n" + s.keys.sign("log", text, 0)
	for _, w := range witnesses {
		note += s.keys.sign(w.who, text, uint64(at)+w.after)
	}
	return note
}

// daily makes the checkpoints that a log has each day, when nothing else made one.
func (s *site) daily(c *chain, until int64) {
	for s.marked != 0 && until > s.marked+86400 {
		s.mark(c, s.marked+86400)
	}
}

func (c *chain) leafBytes() [][]byte {
	var all [][]byte
	for _, l := range c.out.Leaves {
		all = append(all, l.Leaf)
	}
	return all
}

// disclosure makes that of a member, with a salt of its own, and returns its digest.
func (c *chain) disclosure(member, value string) (digest string) {
	array := `["` + saltOf(member+value) + `","` + member + `",` + value + `]`
	return c.site.text([]byte(base64.RawURLEncoding.EncodeToString([]byte(array))))
}

// seal is what stands in a body in place of a member's value.
func (c *chain) seal(member, value, review string) string {
	return fmt.Sprintf(`{"law":"withheld","reason":"secrecy-law","review":"%s","sealed":"%s"}`, review, c.disclosure(member, value))
}

// files are those of the log's folder and beside it, for logs/NAME.
func (c *chain) files(expected Log) map[string][]byte {
	s := c.site
	out := map[string][]byte{
		"policy.txt":     []byte(s.keys.policyText(policyThree)),
		"charter-id":     []byte(c.labels["charter"] + "\n"),
		"expected.json":  write(expected),
		"log/checkpoint": []byte(s.archive[len(s.archive)-1]),
	}
	var archive, hashes, bundle []byte
	for _, note := range s.archive {
		archive = append(append(archive, note...), '\n')
	}
	for _, leaf := range c.leafBytes() {
		h := leafHash(leaf)
		hashes = append(hashes, h[:]...)
		bundle = append(binary.BigEndian.AppendUint16(bundle, uint16(len(leaf))), leaf...)
	}
	n := len(c.out.Leaves)
	out["log/checkpoints"] = archive
	out[fmt.Sprintf("log/tile/0/000.p/%d", n)] = hashes
	out[fmt.Sprintf("log/tile/entries/000.p/%d", n)] = bundle
	for d, b := range s.public {
		out["log/bodies/"+d] = b
	}
	return out
}

// expect is what an audit of the log comes to: its leaves' findings and verdicts, and
// more that no leaf gives.
func (c *chain) expect(result string, more ...Found) Log {
	l := Log{About: c.out.About, Result: result, AsOf: stamp(c.site.marked + quorumAfter), Statements: make(map[string]int), Findings: []Found{}}
	for i, leaf := range c.out.Leaves {
		for _, id := range leaf.Unverified {
			l.Unverified = append(l.Unverified, LeafKey{i, id})
		}
		l.Statements[leaf.Verdict]++
		l.Findings = append(l.Findings, leaf.Findings...)
	}
	l.Findings = sortFound(append(l.Findings, more...))
	for d, b := range c.site.public {
		if digest(b) != d {
			l.Altered = append(l.Altered, d)
		}
	}
	slices.Sort(l.Altered)
	return l
}

func sortFound(list []Found) []Found {
	index := func(f Found) int {
		if f.Index == nil {
			return -1
		}
		return *f.Index
	}
	for i := range list {
		if list[i].Concerns == "" {
			list[i].Concerns = "author"
		}
	}
	slices.SortFunc(list, func(a, b Found) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Author, b.Author), cmp.Compare(a.Period, b.Period), cmp.Compare(index(a), index(b)))
	})
	return list
}

// decodePayload takes the payload out of a leaf.
func decodePayload(leaf []byte) []byte {
	_, rest, _ := strings.Cut(string(leaf), `"payload":"`)
	payload, _, _ := strings.Cut(rest, `"`)
	b, err := base64.StdEncoding.DecodeString(payload)
	if err != nil {
		panic("vectors: " + err.Error())
	}
	return b
}
