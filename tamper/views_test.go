package tamper_test

import (
	"bytes"
	"slices"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier"
)

// viewDamages are those that an audit sees by what the auditor brings along: a clock, a
// policy, checkpoints that were seen elsewhere, a state, or a directory of which every
// file is looked at.
var viewDamages = []damage{
	{"view: fewer entries than the auditor has a receipt for", func(p *place) files {
		p.config = func(cfg *verifier.Config) { cfg.Checkpoints = [][]byte{p.files[log.CheckpointPath]} }
		return p.write(p.entries[:len(p.entries)-1-p.rand.IntN(100)])
	}, differs, []string{"checkpoint-shrunk/view"}, []string{"*authors", "directory-overdue/operator"}},
	{"view: fewer entries than an earlier audit saw", func(p *place) files {
		p.earlier = []files{p.files}
		return p.write(p.entries[:len(p.entries)-1-p.rand.IntN(100)])
	}, differs, []string{"checkpoint-shrunk/view"}, []string{"*"}},
	{"view: another log than the auditor has a receipt for", func(p *place) files {
		fork := p.checkpoint(p.size()-uint64(p.rand.IntN(100)), log.LeafHash([]byte(p.salt())), p.s.Now())
		p.config = func(cfg *verifier.Config) { cfg.Checkpoints = [][]byte{fork} }
		return p.files
	}, misbehaviour, []string{"log-forked/operator"}, nil},
	{"view: another log than an earlier audit saw, whose entries were not there then", func(p *place) files {
		n := len(p.entries) - 1 - p.rand.IntN(50)
		before := p.write(p.entries[:n-50])
		between := clone(before)
		between[log.CheckpointPath] = p.checkpoint(uint64(n), log.LeafHash([]byte(p.salt())), p.entries[n-1].Logged+60)
		p.earlier = []files{before, between}
		return p.files
	}, misbehaviour, []string{"log-forked/operator"}, nil},
	{"view: another log than an earlier audit saw", func(p *place) files {
		es := slices.Clone(p.entries)
		i := len(es) - 1 - p.rand.IntN(50)
		es[i] = relogged(es[i], es[i].Logged+1)
		p.earlier = []files{p.files}
		return p.write(es)
	}, misbehaviour, []string{"log-forked/operator"}, []string{"*"}},
	{"view: dated after the auditor's clock", func(p *place) files {
		w := p.earnest()
		w.Advance(time.Duration(601+p.rand.IntN(10000)) * time.Second)
		p.at = len(w.Logged)
		w.Log(w.Directory())
		now := w.Now() - 601
		p.config = func(cfg *verifier.Config) { cfg.Policy, cfg.Charter, cfg.Now = w.Policy, w.Charter, &now }
		return (&good{w: w}).write(w.Logged)
	}, matches, []string{"logged-in-future/operator"}, []string{"*authors"}}, // it has countries that only demonstrations have
	{"view: dated after the auditor's clock, and attestations behind it", func(p *place) files {
		w := p.earnest()
		period := w.PeriodAt(w.Now())
		w.SetNow(period.End() + int64(p.rand.IntN(5*aDay)))
		now := w.Now()
		p.at = len(w.Logged)
		w.SetNow(now + int64(100+p.rand.IntN(30_000))*aDay)
		w.Log(w.Directory())
		a, _ := anyOf(p, w.Signatories)
		w.Log(w.Attestation(a, period))
		p.who, p.doubted = a.ID, true
		p.config = func(cfg *verifier.Config) { cfg.Policy, cfg.Charter, cfg.Now = w.Policy, w.Charter, &now }
		return (&good{w: w}).write(w.Logged)
	}, matches, []string{"logged-in-future/operator"}, []string{"*authors", "directory-overdue/operator"}},
	{"view: a member's key that the policy has for a witness", func(p *place) files {
		for _, i := range p.rand.Perm(len(p.items)) {
			b, ok := p.items[i].Statement.Body.(*entry.Admit)
			if !ok || b.Mode != entry.AdmitNew {
				continue
			}
			secret := p.private(b.KeySet(), false)[0].Private()
			if secret == nil {
				continue // of another algorithm
			}
			c, err := log.NewCosigner("witness-of-its-own.example", secret.Seed())
			if err != nil {
				panic(err)
			}
			policy := *p.w.Policy
			policy.Witnesses = append(slices.Clone(policy.Witnesses), log.Witness{Name: "its-own", Key: c.Key()})
			p.at = i
			p.config = func(cfg *verifier.Config) {
				if cfg.Policy, err = log.ParsePolicy(policy.Marshal()); err != nil {
					panic(err)
				}
			}
			return p.files
		}
		return nil
	}, differs, []string{"key-shared/operator"}, []string{"key-shared/operator"}},
	{"view: a key of the log that the charter does not have", func(p *place) files {
		signer, err := log.NewSigner(p.w.Options.Origin, bytes.Repeat([]byte{byte(1 + p.rand.IntN(250))}, 32))
		if err != nil {
			panic(err)
		}
		policy := *p.w.Policy
		policy.Logs = append(slices.Clone(policy.Logs), log.LogKey{Key: signer.Key()})
		p.config = func(cfg *verifier.Config) {
			if cfg.Policy, err = log.ParsePolicy(policy.Marshal()); err != nil {
				panic(err)
			}
		}
		return p.file(log.CheckpointPath, generator.EditNote(p.files[log.CheckpointPath], func(n *log.Note) {
			other, err := signer.SignNote(n.Text)
			if err != nil {
				panic(err)
			}
			n.Signatures[0] = other.Signatures[0]
		}))
	}, matches, []string{"charter-key-unlisted/view"}, nil},
	{"view: witnesses that looked late for the first time", func(p *place) files {
		if len(p.w.Witnesses) == 0 {
			return nil
		}
		notes := p.archive()
		n := 1 + p.rand.IntN(len(notes)/2)
		return p.setArchive(notes[n:])
	}, matches, []string{"no-time-evidence/view"}, []string{"archive-sparse/operator", "held-back/operator"}},
	{"archive: few of its checkpoints kept", func(p *place) files {
		if len(p.w.Witnesses) == 0 {
			return nil // without a quorum nobody is asked for one
		}
		notes := p.archive()
		from := len(notes)/4 + p.rand.IntN(len(notes)/4)
		return p.setArchive(slices.Delete(notes, from, from+len(notes)/4))
	}, matches, []string{"archive-sparse/operator"}, []string{"held-back/operator"}},
	{"archive: too few witnesses on one", func(p *place) files {
		if len(p.w.Witnesses) == 0 {
			return nil
		}
		notes := p.archive()
		i := p.rand.IntN(len(notes))
		notes[i] = generator.EditNote(notes[i], func(n *log.Note) { n.Signatures = n.Signatures[:p.w.Options.Quorum] })
		return p.setArchive(notes)
	}, matches, []string{"archive-quorum-short/operator"}, []string{"held-back/operator", "no-time-evidence/view"}},
	{"archive: empty", func(p *place) files { return p.file(log.ArchivePath, nil) }, differs, []string{"archive-missing/view"}, []string{"no-time-evidence/view"}},
	{"entries: those of an earlier size are others", func(p *place) files {
		p.folder = true
		n := p.rand.IntN(4)
		path := log.EntriesPath(uint64(n), log.TileWidth)
		b := bytes.Clone(p.files[path])
		width := 1 + p.rand.IntN(200)
		leaves, err := log.ParseBundle(b, log.TileWidth)
		if err != nil {
			panic(err)
		}
		var part []byte
		for _, leaf := range leaves[:width] {
			part, _ = log.AppendBundle(part, leaf)
		}
		part[len(part)-1-p.rand.IntN(100)] ^= 1
		return p.file(log.EntriesPath(uint64(n), width), part)
	}, differs, []string{"bundle-mismatch/view"}, nil},
	{"tile: that of an earlier size is another", func(p *place) files {
		p.folder = true
		n := uint64(p.rand.IntN(4))
		width := 1 + p.rand.IntN(200)
		part := bytes.Clone(p.files[log.TilePath(0, n, log.TileWidth)][:width*log.HashSize])
		part[p.rand.IntN(len(part))] ^= 1
		return p.file(log.TilePath(0, n, width), part)
	}, differs, []string{"tile-mismatch/view"}, nil},
	{"text: another under its address, the bundle is right", func(p *place) files {
		p.folder = true
		e := p.text(true)
		if e == nil {
			return nil
		}
		return p.file(log.BodyPath(e.Digest), p.other(e.Body))
	}, differs, []string{"body-file-mismatch/operator"}, nil},
	{"text: not under its address, the bundle is right", func(p *place) files {
		p.folder = true
		e := p.text(true)
		if e == nil {
			return nil
		}
		return p.without(log.BodyPath(e.Digest))
	}, differs, []string{"body-file-missing/operator"}, nil},
	{"text: something under the address of a withheld one", func(p *place) files {
		p.folder = true
		for _, i := range p.rand.Perm(len(p.items)) {
			if st := p.items[i].Statement; st.BodyDigest != "" && p.all.Text(st.ID, st.BodyDigest).State == "withheld" {
				return p.file(log.BodyPath(st.BodyDigest), []byte(p.salt()))
			}
		}
		return nil
	}, differs, []string{"body-file-mismatch/operator"}, nil},
	{"text: something under the address of an erased one", func(p *place) files {
		p.folder = true
		for _, i := range p.rand.Perm(len(p.items)) {
			if b, ok := p.items[i].Statement.Body.(*entry.Erasure); ok {
				return p.file(log.BodyPath(b.Digest), []byte(p.salt()))
			}
		}
		return nil
	}, differs, []string{"body-file-mismatch/operator"}, nil},
	{"text: not in its bundle", func(p *place) files {
		e := p.text(true)
		if e == nil {
			return nil
		}
		f := p.setText(e.Digest, nil)
		f[log.BodyPath(e.Digest)] = e.Body
		return f
	}, matches, []string{"body-bundle-incomplete/operator"}, nil},
	{"checkpoint: no note", func(p *place) files {
		return p.file(log.CheckpointPath, bytes.Replace(p.files[log.CheckpointPath], []byte("\n\n"), []byte("\n"), 1))
	}, differs, []string{"checkpoint-malformed/view"}, nil},
	{"checkpoint: a size with a leading zero", func(p *place) files {
		return p.file(log.CheckpointPath, bytes.Replace(p.files[log.CheckpointPath], []byte("\n1"), []byte("\n01"), 1))
	}, differs, []string{"checkpoint-malformed/view"}, nil},
	{"entries: a charter that not everybody in it signed", rewritten(func(p *place, es []*generator.Entry) []*generator.Entry {
		l, err := entry.ParseLeaf(es[0].Leaf)
		if err != nil {
			panic(err)
		}
		i := p.rand.IntN(len(l.Statement.Signatures))
		l.Statement.Signatures = slices.Delete(l.Statement.Signatures, i, i+1)
		first := *es[0]
		first.Leaf = l.Marshal()
		es[0] = &first
		return es
	}), differs, []string{"statement-rejected:signatures-too-few/operator", "statement-rejected:charter-missing/operator"}, []string{"*"}},
}

// earnest is a small log that is no demonstration, and has no witnesses.
func (p *place) earnest() *generator.World {
	const origin = "log.lanternhall.test/2025"
	w := generator.New(generator.Options{Seed: p.rand.Uint64(), Signatories: 3, NoDirectories: true})
	signer, err := log.NewSigner(origin, bytes.Repeat([]byte{9}, 32))
	if err != nil {
		panic(err)
	}
	w.Options.Origin, w.Signer = origin, signer
	w.Policy = &log.Policy{Logs: []log.LogKey{{Key: signer.Key()}}, Quorum: log.QuorumNone}
	w.Log(w.Found())
	for _, a := range w.Signatories {
		w.Log(w.Admit(a))
		w.Log(w.Pledge(a))
	}
	return w
}
