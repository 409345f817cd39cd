package vectors

import (
	"encoding/base64"
	"strings"
)

const aboutDirectories = "Rows of directories and their roots (protocol section 4): RFC 6962 over the rows in order, sorted by author, then lane; root is base64url, as a directory's body has it."

func (r *recipe) directories() Directories {
	out := Directories{About: aboutDirectories}
	const (
		main   = `{"author":"aldermoth-cloud","head":"$id(head)","keys":"$digest(keys)","lane":"main","seq":7,"standing":"in-standing"}`
		silent = `{"author":"aldermoth-cloud","keys":"$digest(keys)","lane":"slot","seq":0,"standing":"removed"}`
		host   = `{"author":"operator","head":"$id(host)","keys":"$digest(op)","lane":"main","seq":3}`
	)
	row := func(name, why, code, text string) {
		out.Rows = append(out.Rows, Row{Name: name, Why: why, Code: code, Row: Octets(r.text(text))})
	}
	row("signatory", "a lane of an admitted author", "", main)
	row("silent", "nothing was said in this lane: seq is 0 and there is no head", "", silent)
	row("reserved", "secretariat and operator have no standing", "", host)
	row("both-labels", "suspended, and a removal is proposed", "", strings.Replace(main, "in-standing", "suspended-proposed-removal", 1))
	bad := func(name, code, why, of, old, new string) { row(name, why, code, replace(of, old, new)) }
	bad("row-not-canonical", "not-canonical", "white space", main, `"seq":7`, `"seq": 7`)
	bad("row-author", "author-malformed", "an author", main, `aldermoth-cloud`, `Aldermoth`)
	bad("row-lane", "lane-unknown", "main or slot", main, `"main"`, `"side"`)
	bad("row-keys", "digest-malformed", "the digest of the key set", main, `"$digest(keys)"`, `"x"`)
	bad("row-head-missing", "member-missing", "head is there when seq is over 0", main, `"head":"$id(head)",`, ``)
	bad("row-head-of-nothing", "member-missing", "head is absent when seq is 0", silent, `"keys"`, `"head":"$id(head)","keys"`)
	bad("row-head-form", "member-malformed", "64 lower-case hex digits", main, `$id(head)`, `x`)
	bad("row-seq-missing", "member-missing", "seq is needed, also when it is 0", silent, `"seq":0,`, ``)
	bad("row-standing-form", "code-malformed", "a code", main, `in-standing`, `In Standing`)
	bad("row-member-unknown", "member-unknown", "no other members", main, `"seq":7`, `"role":"signatory","seq":7`)

	all := []string{main, silent, host,
		`{"author":"brindlewick-systems","keys":"$digest(b)","lane":"main","seq":0,"standing":"in-standing"}`,
		`{"author":"secretariat","head":"$id(sec)","keys":"$digest(sec)","lane":"main","seq":12}`,
	}
	pick := func(name, why string, which ...int) {
		d := Directory{Name: name, Why: why}
		var rows [][]byte
		for _, i := range which {
			d.Rows = append(d.Rows, Octets(r.text(all[i])))
			rows = append(rows, d.Rows[len(d.Rows)-1])
		}
		h := root(rows)
		d.Root = base64.RawURLEncoding.EncodeToString(h[:])
		out.Directories = append(out.Directories, d)
	}
	pick("one", "the root is the leaf's hash", 2)
	pick("two", "the least that a log has: operator and secretariat", 2, 4)
	pick("three", "not a power of two", 0, 2, 4)
	pick("five", "an author's two lanes follow each other", 0, 1, 3, 2, 4)
	return out
}
