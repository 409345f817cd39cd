package tamper_test

import (
	"bytes"
	"slices"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
)

// rewritten is the log with its entries changed, every hash made anew and every
// checkpoint signed anew.
func rewritten(change func(p *place, es []*generator.Entry) []*generator.Entry) func(p *place) files {
	return func(p *place) files {
		es := change(p, slices.Clone(p.entries))
		if es == nil {
			return nil
		}
		return p.write(es)
	}
}

// newest rewrites the log with something at its end only, so that no directory
// behind it is out of place.
func newest(change func(p *place, last *generator.Entry) []*generator.Entry) func(p *place) files {
	return func(p *place) files {
		last := p.entries[p.k-1]
		more := change(p, last)
		if more == nil {
			return nil
		}
		return p.write(append(slices.Clone(p.entries[:p.k]), more...))
	}
}

func relogged(e *generator.Entry, logged int64) *generator.Entry {
	l, err := entry.ParseLeaf(e.Leaf)
	if err != nil {
		panic(err)
	}
	l.Logged = logged
	again := *e
	again.Leaf, again.Logged = l.Marshal(), logged
	return &again
}

// leafAs changes the bytes of a request that would be in order.
func leafAs(change func(p *place, leaf []byte) []byte) func(p *place) files {
	return newest(func(p *place, _ *generator.Entry) []*generator.Entry {
		a := p.signatory()
		if a == "" {
			return nil
		}
		e := p.logged(p.request(a))
		e.Leaf = change(p, e.Leaf)
		e.Digest, e.Body = "", nil
		return []*generator.Entry{e}
	})
}

// entryDamages are to entries, which the operator signs for.
var entryDamages = []damage{
	// Leaves that an operator signs for although they are in no form.
	{"signed leaf: empty", leafAs(func(*place, []byte) []byte { return []byte{} }), differs, []string{"leaf-malformed/operator"}, nil},
	{"signed leaf: garbage", leafAs(func(p *place, _ []byte) []byte { return []byte(p.salt()) }), differs, []string{"leaf-malformed/operator"}, nil},
	{"signed leaf: white space in it", leafAs(func(_ *place, b []byte) []byte {
		return bytes.Replace(b, []byte(`,"statement"`), []byte(`, "statement"`), 1)
	}), differs, []string{"leaf-malformed/operator"}, nil},
	{"signed leaf: something after its end", leafAs(func(_ *place, b []byte) []byte { return append(bytes.Clone(b), ' ') }), differs, []string{"leaf-malformed/operator"}, nil},
	{"signed leaf: logged with a leading zero", leafAs(func(_ *place, b []byte) []byte {
		return bytes.Replace(b, []byte(`{"logged":`), []byte(`{"logged":0`), 1)
	}), differs, []string{"leaf-malformed/operator"}, nil},
	{"signed leaf: logged after the year 9999", leafAs(func(_ *place, b []byte) []byte {
		i := bytes.Index(b, []byte(`,"statement"`))
		return append([]byte(`{"logged":253402300800`), b[i:]...)
	}), differs, []string{"leaf-malformed/operator"}, nil},
	{"signed leaf: another payload type", leafAs(func(_ *place, b []byte) []byte { return bytes.Replace(b, []byte(`.v1+json`), []byte(`.v2+json`), 1) }), differs, []string{"leaf-malformed/operator"}, nil},
	{"signed leaf: no signature", leafAs(func(_ *place, b []byte) []byte {
		i := bytes.Index(b, []byte(`"signatures":[`)) + len(`"signatures":[`)
		return append(bytes.Clone(b[:i]), `]}}`...)
	}), differs, []string{"leaf-malformed/operator"}, nil},
	{"signed leaf: key ids in capitals", leafAs(func(_ *place, b []byte) []byte {
		i := bytes.Index(b, []byte(`"keyid":"`)) + len(`"keyid":"`)
		return append(append(bytes.Clone(b[:i]), bytes.ToUpper(b[i:i+64])...), b[i+64:]...)
	}), differs, []string{"leaf-malformed/operator"}, []string{"statement-rejected/operator"}},
	// Entries that an operator drops, repeats, moves.
	{"entries: the last ones taken back", rewritten(func(p *place, es []*generator.Entry) []*generator.Entry { return es[:p.k] }), matches, nil, []string{"*authors", "directory-overdue/operator"}}, // nothing in the copy shows it: an auditor with state, or another copy, does
	{"entries: the last ones taken back, archive kept", func(p *place) files {
		f := p.write(p.entries[:len(p.entries)-1-p.rand.IntN(100)])
		f[log.ArchivePath] = p.files[log.ArchivePath]
		return f
	}, differs, []string{"archive-ahead/view"}, []string{"*authors", "directory-overdue/operator"}},
	{"entries: one dropped", rewritten(func(p *place, es []*generator.Entry) []*generator.Entry {
		i := 1 + p.rand.IntN(len(es)-2)
		return slices.Delete(es, i, i+1)
	}), differs, []string{"statement-rejected/operator"}, []string{"*"}},
	{"entries: the last one twice", newest(func(p *place, last *generator.Entry) []*generator.Entry { return []*generator.Entry{last} }), matches, []string{"statement-duplicate/operator"}, nil},
	{"entries: an old one again", newest(func(p *place, last *generator.Entry) []*generator.Entry {
		return []*generator.Entry{relogged(p.entries[1+p.rand.IntN(p.k-1)], last.Logged)}
	}), matches, []string{"statement-duplicate/operator"}, nil},
	{"entries: two swapped", rewritten(func(p *place, es []*generator.Entry) []*generator.Entry {
		for range 100 {
			i := 1 + p.rand.IntN(len(es)-2)
			a, b := p.items[i].Statement, p.items[i+1].Statement
			if a.Author == b.Author && a.Lane == b.Lane {
				es[i], es[i+1] = es[i+1], es[i]
				return es
			}
		}
		return nil
	}), differs, []string{"statement-rejected/operator"}, []string{"*"}},
	{"entries: rewritten, archive kept", func(p *place) files {
		es := slices.Clone(p.entries)
		i := len(es) - 1 - p.rand.IntN(50)
		es[i] = relogged(es[i], es[i].Logged+1)
		f := p.write(es)
		f[log.ArchivePath] = p.files[log.ArchivePath]
		return f
	}, misbehaviour, []string{"log-forked/operator"}, []string{"*"}},
	{"entries: another charter", func(p *place) files {
		o := generator.EveryKindOptions()
		o.Seed = 999
		w := generator.New(o)
		w.Log(w.Found())
		return p.write(append([]*generator.Entry{w.Logged[0]}, p.entries[1:]...))
	}, differs, []string{"charter-mismatch/view"}, []string{"*"}},
	// Time.
	{"time: dated before the one in front", newest(func(p *place, last *generator.Entry) []*generator.Entry {
		a := p.signatory()
		if a == "" {
			return nil
		}
		return []*generator.Entry{relogged(p.logged(p.request(a)), last.Logged-1-int64(p.rand.IntN(10000)))}
	}), differs, []string{"logged-decreases/operator"}, []string{"held-back/operator"}},
	{"time: an author's date ahead of the log's", newest(func(p *place, last *generator.Entry) []*generator.Entry {
		a := p.signatory()
		if a == "" {
			return nil
		}
		st := p.request(a)
		st.Made = p.now() + 601 + int64(p.rand.IntN(10000))
		return []*generator.Entry{p.logged(st)}
	}), matches, []string{"made-after-logged/AUTHOR"}, nil},
	{"time: an author's date before its previous one", newest(func(p *place, last *generator.Entry) []*generator.Entry {
		a := p.signatory()
		if a == "" {
			return nil
		}
		st := p.request(a)
		st.Made = p.s.LastMade(a, entry.LaneMain) - 1 - int64(p.rand.IntN(10000))
		return []*generator.Entry{p.logged(st)}
	}), matches, []string{"made-decreases/AUTHOR"}, nil},
}
