package tamper_test

import (
	"bytes"
	"slices"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// text draws an entry with a published text that was not erased.
func (p *place) text(whole bool) *generator.Entry {
	var all []*generator.Entry
	for i, e := range p.entries {
		st := p.items[i].Statement
		full := uint64(i) < p.size()-p.size()%log.TileWidth
		if e.Body != nil && i > 0 && full == whole && p.all.TextOf(st.ID, e.Digest) == pledge.TextPublic {
			all = append(all, e)
		}
	}
	e, _ := anyOf(p, all)
	return e
}

// setText replaces a text under its address and in its bundle; nil removes it.
func (p *place) setText(digest string, b []byte) files {
	f := clone(p.files)
	if b == nil {
		delete(f, log.BodyPath(digest))
	} else {
		f[log.BodyPath(digest)] = b
	}
	for _, path := range p.paths(log.BodiesPath + "/bundle/") {
		var out []byte
		for line := range bytes.Lines(f[path]) {
			switch {
			case entry.Digest(bytes.TrimSuffix(line, []byte("\n"))) != digest:
				out = append(out, line...)
			case b != nil:
				out = append(append(out, b...), '\n')
			}
		}
		f[path] = out
	}
	return f
}

// other is a text like another, with the same codes, under another salt.
func (p *place) other(b []byte) []byte {
	return generator.Edit(b, func(m map[string]any) { m["salt"] = p.salt() })
}

// opening draws an open that opened something that was not erased, and the digest.
func (p *place) opening(disclosure bool) (generator.Text, bool) {
	var all []generator.Text
	for i, e := range p.entries {
		b, ok := p.items[i].Statement.Body.(*entry.Open)
		if !ok {
			continue
		}
		for _, t := range e.Opened {
			_, err := entry.ParseDisclosure(string(t.Bytes))
			if (err == nil) == disclosure && p.all.TextOf(b.Entry, t.Digest) == pledge.TextPublic {
				all = append(all, t)
			}
		}
	}
	return anyOf(p, all)
}

// bundleWith is the bundle of texts in which entry i publishes, with a text of that
// entry that was erased.
func (p *place) bundleWith(i int, erased string) []byte {
	first := i - i%log.TileWidth
	var out []byte
	for _, e := range p.entries[first : first+log.TileWidth] {
		for _, t := range textsOf(e) {
			if _, there := p.files[log.BodyPath(t.Digest)]; there || t.Digest == erased {
				out = append(append(out, t.Bytes...), '\n')
			}
		}
	}
	return out
}

// textDamages are to texts, and to what the log says of them.
var textDamages = []damage{
	// Texts.
	{"text: removed", func(p *place) files {
		e := p.text(p.rand.IntN(2) == 0)
		if e == nil {
			return nil
		}
		return p.setText(e.Digest, nil)
	}, differs, []string{"body-missing/operator"}, nil},
	{"text: a bit", func(p *place) files {
		e := p.text(false)
		if e == nil {
			return nil
		}
		b := bytes.Clone(e.Body)
		b[p.rand.IntN(len(b))] ^= 1
		return p.setText(e.Digest, b)
	}, differs, []string{"body-mismatch/operator"}, nil},
	{"text: another with the same codes", func(p *place) files {
		e := p.text(false)
		if e == nil {
			return nil
		}
		return p.setText(e.Digest, p.other(e.Body))
	}, differs, []string{"body-mismatch/operator"}, nil},
	{"text: another in the bundle", func(p *place) files {
		e := p.text(true)
		if e == nil {
			return nil
		}
		return p.setText(e.Digest, p.other(e.Body))
	}, differs, []string{"body-bundle-mismatch/operator", "body-mismatch/operator"}, nil},
	{"text: a bit in its bundle only", func(p *place) files {
		path, _ := anyOf(p, p.paths(log.BodiesPath+"/bundle/"))
		return p.flip(path, 0, len(p.files[path])-1)
	}, differs, []string{"body-bundle-mismatch/operator"}, nil},
	{"text: immense", func(p *place) files {
		e := p.text(false)
		if e == nil {
			return nil
		}
		return p.setText(e.Digest, bytes.Repeat([]byte("x"), entry.MaxBody+1+p.rand.IntN(1000)))
	}, differs, []string{"body-mismatch/operator"}, nil},
	{"text: empty", func(p *place) files {
		e := p.text(false)
		if e == nil {
			return nil
		}
		return p.setText(e.Digest, []byte{})
	}, differs, []string{"body-mismatch/operator"}, nil},
	{"text: a bundle removed, and each text there", func(p *place) files {
		path, _ := anyOf(p, p.paths(log.BodiesPath+"/bundle/"))
		return p.without(path)
	}, matches, []string{"body-bundle-incomplete/operator"}, nil},
	{"text: a bundle without its last line feed", func(p *place) files {
		path, _ := anyOf(p, p.paths(log.BodiesPath+"/bundle/"))
		return p.file(path, p.files[path][:len(p.files[path])-1])
	}, differs, []string{"body-bundle-mismatch/operator"}, nil},
	{"text: signed, but in no form", newest(func(p *place, _ *generator.Entry) []*generator.Entry {
		a := p.signatory()
		if a == "" {
			return nil
		}
		st := p.request(a)
		st.Body = generator.Edit(st.Body, func(m map[string]any) { delete(m, "country") })
		return []*generator.Entry{p.logged(st)}
	}), matches, []string{"body-invalid/AUTHOR"}, nil},
	{"text: another author's, copied commitment", newest(func(p *place, _ *generator.Entry) []*generator.Entry {
		a, b := p.two()
		if a == "" {
			return nil
		}
		old, _ := anyOf(p, p.said(b, func(st *entry.Statement) bool {
			return st.Kind == entry.KindRequest && p.s.TextOf(st.ID, st.BodyDigest) == pledge.TextPublic
		}))
		if old == nil {
			return nil
		}
		st := p.request(a)
		st.Body = p.files[log.BodyPath(old.BodyDigest)]
		if st.Body == nil {
			return nil // erased later
		}
		return []*generator.Entry{p.logged(st)}
	}), matches, []string{"body-invalid/AUTHOR"}, nil},
	{"text: a code that is in no vocabulary", newest(func(p *place, _ *generator.Entry) []*generator.Entry {
		a := p.signatory()
		if a == "" {
			return nil
		}
		st := p.request(a)
		st.Body = generator.Edit(st.Body, func(m map[string]any) { m["assist"] = []string{"telepathy"} })
		return []*generator.Entry{p.logged(st)}
	}), matches, []string{"code-unknown/AUTHOR"}, nil},
	{"text: an opened one removed", func(p *place) files {
		t, ok := p.opening(false)
		if !ok {
			return nil
		}
		return p.setText(t.Digest, nil)
	}, differs, []string{"body-missing/operator"}, nil},
	{"text: an opened one replaced", func(p *place) files {
		t, ok := p.opening(false)
		if !ok {
			return nil
		}
		return p.setText(t.Digest, p.other(t.Bytes))
	}, differs, []string{"body-mismatch/operator"}, []string{"body-bundle-mismatch/operator"}},
	{"disclosure: removed", func(p *place) files {
		t, ok := p.opening(true)
		if !ok {
			return nil
		}
		return p.setText(t.Digest, nil)
	}, differs, []string{"disclosure-missing/operator"}, nil},
	{"disclosure: another", func(p *place) files {
		t, ok := p.opening(true)
		if !ok {
			return nil
		}
		d, err := entry.NewDisclosure(p.salt(), "country", []byte(`"XC"`))
		if err != nil {
			panic(err)
		}
		return p.setText(t.Digest, []byte(d.Text()))
	}, differs, []string{"disclosure-mismatch/operator"}, []string{"body-bundle-mismatch/operator"}},
	{"disclosure: of nothing that was sealed", newest(func(p *place, _ *generator.Entry) []*generator.Entry {
		old := p.asked(false)
		if old == nil {
			return nil
		}
		d, err := entry.NewDisclosure(p.salt(), "country", []byte(`"XC"`))
		if err != nil {
			panic(err)
		}
		st := p.draft(old.Author, &entry.Open{Digests: []string{d.Digest()}, Entry: old.ID, Why: "other"}, entry.KindOpen, nil)
		st.Opens = []generator.Text{{Digest: d.Digest(), Bytes: []byte(d.Text())}}
		return []*generator.Entry{p.logged(st)}
	}), matches, []string{"disclosure-invalid/AUTHOR"}, []string{"code-unknown/AUTHOR"}},
	{"erasure: text gone, no tombstone", func(p *place) files {
		e := p.text(true)
		if e == nil {
			return nil
		}
		return p.setText(e.Digest, nil)
	}, differs, []string{"body-missing/operator"}, nil},
	{"erasure: tombstone, text still there", func(p *place) files {
		es := p.all.Erasures()
		e, ok := anyOf(p, es)
		if !ok {
			return nil
		}
		for _, old := range p.entries {
			for _, t := range textsOf(old) {
				if t.Digest == e.Digest {
					return p.file(log.BodyPath(e.Digest), t.Bytes)
				}
			}
		}
		return nil
	}, differs, []string{"body-erased-served/operator"}, nil},
	{"erasure: tombstone, text still in its bundle", func(p *place) files {
		for _, n := range p.rand.Perm(len(p.all.Erasures())) {
			e := p.all.Erasures()[n]
			for i, old := range p.entries[:p.size()-p.size()%log.TileWidth] {
				for _, t := range textsOf(old) {
					if t.Digest == e.Digest {
						return p.file(log.BodiesBundlePath(uint64(i)/log.TileWidth), p.bundleWith(i, e.Digest))
					}
				}
			}
		}
		return nil
	}, differs, []string{"body-erased-served/operator"}, nil},
	{"erasure: tombstone, text in the bundle that is not full yet", func(p *place) files {
		for _, n := range p.rand.Perm(len(p.all.Erasures())) {
			e := p.all.Erasures()[n]
			for _, old := range p.entries {
				for _, t := range textsOf(old) {
					if t.Digest == e.Digest {
						return p.file(log.BodiesBundlePath(p.size()/log.TileWidth), append(bytes.Clone(t.Bytes), '\n'))
					}
				}
			}
		}
		return nil
	}, differs, []string{"body-erased-served/operator"}, nil},
	{"text: a withheld one in the bundle that is not full yet", func(p *place) files {
		for _, i := range p.rand.Perm(int(p.size())) {
			st := p.items[i].Statement
			if st == nil || p.all.TextOf(st.ID, st.BodyDigest) != pledge.TextWithheld {
				continue
			}
			said := slices.IndexFunc(p.w.Said, func(o *generator.Statement) bool { return o.ID == st.ID })
			if said < 0 {
				continue
			}
			return p.file(log.BodiesBundlePath(p.size()/log.TileWidth), append(bytes.Clone(p.w.Said[said].Body), '\n'))
		}
		return nil
	}, differs, []string{"body-not-opened/operator"}, nil},
	{"text: a line more in a bundle", func(p *place) files {
		path, _ := anyOf(p, p.paths(log.BodiesPath+"/bundle/"))
		return p.file(path, append(bytes.Clone(p.files[path]), "{\"salt\":\"x\"}\n"...))
	}, differs, []string{"body-bundle-mismatch/operator"}, nil},
	{"text: a withheld one in a bundle", func(p *place) files {
		for _, i := range p.rand.Perm(int(p.size() - p.size()%log.TileWidth)) {
			st := p.items[i].Statement
			if p.all.TextOf(st.ID, st.BodyDigest) != pledge.TextWithheld {
				continue
			}
			said := slices.IndexFunc(p.w.Said, func(o *generator.Statement) bool { return o.ID == st.ID })
			if said < 0 {
				continue
			}
			body := p.w.Said[said]
			path := log.BodiesBundlePath(uint64(i) / log.TileWidth)
			return p.file(path, append(append(bytes.Clone(p.files[path]), body.Body...), '\n'))
		}
		return nil
	}, differs, []string{"body-not-opened/operator"}, nil},
}
