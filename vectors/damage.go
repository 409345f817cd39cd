package vectors

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const aboutDamage = "Logs of logs/ in which something was changed after they were written, or of which the auditor was told something else: what an audit comes to. Bytes of a file are counted from 0, or from its end when the offset is negative."

// damages are of the good log.
func damages(c *chain) []Damage {
	s := c.site
	n := len(c.out.Leaves)
	tile, entries := fmt.Sprintf("log/tile/0/000.p/%d", n), fmt.Sprintf("log/tile/entries/000.p/%d", n)
	files := c.files(Log{})
	newest := s.archive[len(s.archive)-1]
	erased := Found{Code: "body-erased", Concerns: "operator", Index: c.index("erasure")}
	view := func(code string, index ...int) Found {
		f := Found{Code: code, Concerns: "view"}
		if len(index) > 0 {
			f.Index = &index[0]
		}
		return f
	}
	by := func(code, label string) Found {
		return Found{Code: code, Concerns: "operator", Index: c.index(label)}
	}
	// What the log shows of its authors whenever an audit gets as far as its statements.
	corrected, dropped, dropped2 := author(acme, "corrected"), author(acme, "clause-dropped", "2026-Q1"), author(brindle, "clause-dropped", "2026-Q1")
	corrected.Index, dropped.Index, dropped2.Index = c.index("d1 corrected"), c.index(acme+" Q1"), c.index(brindle+" Q1")
	var all []Damage
	add := func(name, why, result string, found []Found, changes ...Change) *Damage {
		if slices.ContainsFunc(found, func(f Found) bool { return f.Code == erased.Code }) {
			found = append(slices.Clone(found), corrected, dropped, dropped2)
		}
		all = append(all, Damage{Name: name, Why: why, Of: "01-every-kind", Changes: changes, Result: result, Findings: sortFound(append([]Found{}, found...))})
		return &all[len(all)-1]
	}
	flip := func(path string, at int) Change { return Change{Path: path, Flip: &at} }
	put := func(path, text string) Change { return Change{Path: path, Write: Octets(text)} }
	text := checkpointText(Origin, uint64(n), root(c.leafBytes()))
	signed := func(text string, who ...string) string {
		note := text + "\n"
		for _, w := range who {
			note += s.keys.sign(w, text, uint64(s.marked)+quorumAfter)
		}
		return note
	}
	everybody := []string{"log", "w1", "w2", "w3"}
	archive := func(notes []string) Change { return put("log/checkpoints", strings.Join(notes, "\n")+"\n") }

	// The checkpoint.
	invalid := []Found{view("checkpoint-signature-invalid")}
	add("checkpoint-root", "a byte of the root", Differs, invalid, flip("log/checkpoint", flippable(newest, strings.Index(newest, b64head(text)))))
	add("checkpoint-size", "a digit of the size", Differs, invalid, put("log/checkpoint", replace(newest, fmt.Sprintf("\n%d\n", n), fmt.Sprintf("\n%d\n", n-1))))
	add("checkpoint-log-signature", "a byte of the log's signature", Differs, invalid, flip("log/checkpoint", flippable(newest, strings.Index(newest, "— "+Origin)+len("— "+Origin)+30)))
	add("checkpoint-witness-signature", "a byte of a cosignature, although the others would do", Differs, invalid, flip("log/checkpoint", flippable(newest, strings.Index(newest, "— witness-3.example")+len("— witness-3.example")+60)))
	add("checkpoint-missing", "nothing to go by", CannotDecide, nil, Change{Path: "log/checkpoint", Remove: true}).Undecided = "checkpoint-missing"
	add("checkpoint-cut", "not a note", Differs, []Found{view("checkpoint-malformed")}, Change{Path: "log/checkpoint", Cut: 1})
	add("checkpoint-extension-line", "three lines alone", Differs, []Found{view("checkpoint-malformed")}, put("log/checkpoint", signed(text+"more\n", "log")))
	add("checkpoint-of-another-log", "the policy does not name it", Differs, []Found{view("checkpoint-origin-unknown")}, put("log/checkpoint", signed(replace(text, Origin, "log.other.example"), "other")))
	add("checkpoint-unsigned", "witnesses alone", Differs, []Found{view("checkpoint-unsigned")}, put("log/checkpoint", signed(text, "w1", "w2", "w3")))
	add("checkpoint-one-witness", "two are needed", Differs, []Found{view("checkpoint-quorum-short")}, put("log/checkpoint", signed(text, "log", "w2")))
	add("checkpoint-old", "an older one is shown than the archive has; the copy has the entries of that", Matches, []Found{view("checkpoint-behind"), erased}, put("log/checkpoint", s.archive[3]))

	// Entries and tiles. An index is that of the first entry about which the file is
	// wrong.
	differs := []Found{view("root-mismatch"), view("tile-mismatch", 0)}
	bundle := files[entries]
	at := func(what string, more int) int {
		i := strings.Index(string(bundle), what)
		if i < 0 {
			panic("vectors: no " + what + " in the bundle")
		}
		return i + more
	}
	add("entry-logged", "a digit of an entry's time", Differs, differs, flip(entries, at(`"logged":`, 15)))
	add("entry-payload", "a byte of a payload", Differs, differs, flip(entries, at(`"payload":"`, 200)))
	add("entry-keyid", "a digit of a keyid", Differs, differs, flip(entries, at(`"keyid":"`, 20)))
	add("entry-signature", "a byte of a signature", Differs, differs, flip(entries, at(`"sig":"`, 20)))
	add("entry-structure", "a quotation mark", Differs, differs, flip(entries, at(`,"signatures"`, 1)))
	add("entries-length", "a length in the bundle", Differs, []Found{view("bundle-malformed", 0)}, flip(entries, 1))
	add("entries-cut", "the bundle is cut short", Differs, []Found{view("bundle-malformed", 0)}, Change{Path: entries, Cut: 10})
	add("entries-missing", "nothing to judge", CannotDecide, []Found{view("bundle-missing", 0)}, Change{Path: entries, Remove: true}).Undecided = "entries-missing"
	add("tile-hash", "a byte of a hash", Differs, []Found{view("tile-mismatch", 20), erased}, flip(tile, 32*20+5))
	add("tile-cut", "a hash is missing", Differs, []Found{view("tile-mismatch", 0), erased}, Change{Path: tile, Cut: 32})
	add("tile-missing", "readers of single entries need it", Differs, []Found{view("tile-missing", 0), erased}, Change{Path: tile, Remove: true})
	at7 := func(b []byte) string { return string(first(b, 7)) }
	add("entries-of-an-earlier-size", "readers of that size get other entries", Differs, []Found{view("bundle-mismatch", 0), erased}, put("log/tile/entries/000.p/7", strings.Replace(at7(bundle), `"sig":"`, `"sig":"A`, 1)))
	add("tile-of-an-earlier-size", "readers of that size get other hashes", Differs, []Found{view("tile-mismatch", 0), erased}, put("log/tile/0/000.p/7", string(files[tile][32:32*8])))

	// The archive.
	// The first entries are older than the one checkpoint that is left.
	since := view("no-time-evidence", 0)
	add("archive-missing", "nothing to compare with", Differs, []Found{view("archive-missing"), since, erased}, Change{Path: "log/checkpoints", Remove: true})
	add("archive-cut", "not in its form", Differs, []Found{view("archive-malformed"), since, erased}, Change{Path: "log/checkpoints", Cut: 1})
	changed := func(i int, note string) []string {
		notes := append([]string{}, s.archive...)
		notes[i] = note
		return notes
	}
	add("archive-unsigned", "an archived checkpoint's signature fails", Differs, []Found{view("archive-unvouched"), erased}, archive(changed(4, alterLines(s.archive[4]))))
	few := strings.SplitAfter(s.archive[4], "\n")
	add("archive-one-witness", "compared, and no evidence of time", Matches, []Found{{Code: "archive-quorum-short", Concerns: "operator"}, erased}, archive(changed(4, strings.Join(few[:6], ""))))
	more := checkpointText(Origin, uint64(n)+1, hash([]byte("entries that are not here")))
	add("archive-ahead", "the log's key signed for more than is here", Differs, []Found{view("archive-ahead"), erased}, archive(append(append([]string{}, s.archive...), signed(more, everybody...))))
	sparse := []Found{{Code: "archive-sparse", Concerns: "operator"}, erased}
	for i := sizeIn(s.archive[0]); i < n && c.loggedAt(i) < s.marked+quorumAfter-3600; i++ {
		sparse = append(sparse, Found{Code: "held-back", Concerns: "operator", Index: &i})
	}
	add("archive-sparse", "days of growth without a checkpoint: what was logged on them may have been held back", Matches, sparse, archive([]string{s.archive[0], newest}))
	// The first checkpoint with some entries, which witnesses saw half an hour before
	// the last of these was logged, or two hours after.
	grew := 2
	for sizeIn(s.archive[grew]) == sizeIn(s.archive[grew-1]) {
		grew++
	}
	from, to := sizeIn(s.archive[grew-1]), sizeIn(s.archive[grew])
	grown, last := s.archive[grew][:strings.Index(s.archive[grew], "\n\n")+1], c.loggedAt(to-1)
	bent := func(code string, t int64, is func(logged int64) bool) (found []Found, change Change) {
		for i := from; i < to; i++ {
			if is(c.loggedAt(i)) {
				found = append(found, Found{Code: code, Concerns: "operator", Index: &i})
			}
		}
		return append(found, erased), archive(changed(grew, s.cosigned(grown, t-quorumAfter)))
	}
	early, tooEarly := bent("logged-after-witnessed", last-1800, func(logged int64) bool { return logged > last-1800+600 })
	add("archive-witnessed-before", "witnesses had seen entries half an hour before they were logged", Matches, early, tooEarly)
	late, tooLate := bent("held-back", last+7200, func(logged int64) bool { return logged < last+7200-3600 })
	add("archive-witnessed-late", "no checkpoint shows entries until two hours after they were logged", Matches, late, tooLate)
	forked := []Found{{Code: "log-forked", Concerns: "operator"}, erased}
	add("fork-smaller", "an archived checkpoint that these entries do not grow from", Misbehaviour, forked, archive(changed(0, s.cosigned(checkpointText(Origin, 7, hash([]byte("another log"))), unix("2026-03-16T09:07:00Z")))))
	add("fork-same-size", "two roots for one size", Misbehaviour, forked, archive(append(append([]string{}, s.archive...), signed(checkpointText(Origin, uint64(n), hash([]byte("another log"))), everybody...))))

	// Texts.
	body := func(d string) string { return "log/bodies/" + d }
	digestIn := func(label string) string {
		leaf := string(decodePayload(c.out.Leaves[*c.index(label)].Leaf))
		i := strings.Index(leaf, `"bodyDigest":"`) + len(`"bodyDigest":"`)
		return leaf[i : i+43]
	}
	agency := c.disclosure("agency", `"Signals Directorate of Borvania"`)
	disclosed := *c.index("disclosed")
	add("text-byte", "a byte of a text", Differs, []Found{by("body-mismatch", "d1"), erased}, flip(body(digestIn("d1")), 40))
	add("text-cut", "a text without its end", Differs, []Found{by("body-mismatch", "d1"), erased}, Change{Path: body(digestIn("d1")), Cut: 1})
	add("text-of-another", "another text under its address", Differs, []Found{by("body-mismatch", "d1"), erased}, put(body(digestIn("d1")), string(s.public[digestIn("d2")])))
	add("text-missing", "missing, and no erasure says why", Differs, []Found{by("body-missing", "d1"), erased}, Change{Path: body(digestIn("d1")), Remove: true})
	add("text-opened-missing", "a text that was opened is missing", Differs, []Found{by("body-missing", "r2"), erased}, Change{Path: body(digestIn("r2")), Remove: true})
	add("text-erased-served", "the operator stated that it erased it", Differs, []Found{by("body-erased-served", "erasure"), erased}, put(body(digestIn("r3")), string(s.texts[digestIn("r3")])))
	add("text-unopened-served", "its author has not opened it", Differs, []Found{by("body-not-opened", "d on r2"), erased}, put(body(digestIn("d on r2")), string(s.texts[digestIn("d on r2")])))
	add("text-under-a-digest", "not the text whose digest is its name, whoever named it", Differs, []Found{{Code: "body-file-mismatch", Concerns: "operator"}, erased}, put(body(digestOf("nobody named this")), "something else"))
	add("disclosure-byte", "a byte of an opened field", Differs, []Found{{Code: "disclosure-mismatch", Concerns: "operator", Index: &disclosed}, erased}, flip(body(agency), 40))
	add("disclosure-missing", "an opened field is missing", Differs, []Found{{Code: "disclosure-missing", Concerns: "operator", Index: &disclosed}, erased}, Change{Path: body(agency), Remove: true})

	// What the auditor is told.
	told := func(d *Damage, f func(*Damage)) { f(d) }
	other := idOf("another charter")
	told(add("charter-other", "another charter than the one that was given", Differs, []Found{view("charter-mismatch"), erased}), func(d *Damage) { d.Charter = &other })
	none := ""
	told(add("charter-not-given", "a log can't vouch for its own", CannotDecide, nil), func(d *Damage) { d.Charter, d.Undecided = &none, "charter-not-given" })
	told(add("policy-of-another-log", "the policy does not name this log", Differs, []Found{view("checkpoint-origin-unknown")}), func(d *Damage) { d.Policy = Octets(s.keys.policyText("log $other\nquorum none\n")) })
	told(add("policy-wants-more", "a witness that did not cosign", Differs, []Found{view("checkpoint-quorum-short")}), func(d *Damage) {
		d.Policy = Octets(s.keys.policyText("log $log\nwitness a $w1\nwitness b $w4\ngroup g all a b\nquorum g\n"))
	})
	told(add("policy-key-not-in-charter", "two keys signed, and the charter lists one", Matches, []Found{view("charter-key-unlisted"), erased}, put("log/checkpoint", newest+s.keys.sign("next", text, 0))), func(d *Damage) {
		d.Policy = Octets(s.keys.policyText("log $log\nlog $next\nwitness a $w1\nquorum a\n"))
	})
	told(add("as-of-later", "nobody is called late on the strength of an old copy", CannotDecide, nil), func(d *Damage) { d.AsOf, d.Undecided = "2026-06-01T00:00:00Z", "view-too-old" })
	return all
}

// sizeIn is the size that a checkpoint is of.
func sizeIn(note string) int {
	n, err := strconv.Atoi(strings.Split(note, "\n")[1])
	if err != nil {
		panic("vectors: size of a checkpoint: " + err.Error())
	}
	return n
}

// loggedAt is the log time of a leaf.
func (c *chain) loggedAt(index int) int64 {
	digits, _, _ := strings.Cut(strings.TrimPrefix(string(c.out.Leaves[index].Leaf), `{"logged":`), ",")
	t, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		panic("vectors: log time: " + err.Error())
	}
	return t
}

// first is a bundle's first n leaves.
func first(bundle []byte, n int) []byte {
	at := 0
	for range n {
		at += 2 + int(binary.BigEndian.Uint16(bundle[at:]))
	}
	return bundle[:at]
}

// b64head is the beginning of a checkpoint's root.
func b64head(text string) string { return strings.Split(text, "\n")[2][:10] }

// flippable is the first offset from one on at which turning the lowest bit leaves
// base64.
func flippable(s string, from int) int {
	for i := from; ; i++ {
		if c := s[i] ^ 1; c >= 'A' && c <= 'Z' && s[i] >= 'A' && s[i] <= 'Z' {
			return i
		}
	}
}

// alterLines turns a bit of the log's signature of a note.
func alterLines(note string) string {
	lines := strings.SplitAfter(note, "\n")
	lines[4] = alterLine(lines[4])
	return strings.Join(lines, "")
}
