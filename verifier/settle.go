package verifier

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// settle says, now that the whole log is known, what is to be said of texts that
// are not as they should be: those that the operator logged to have erased are
// missing rightly, and may not be there any more.
func (t *textCheck) settle(ctx context.Context) error {
	if err := t.compareOpenings(ctx); err != nil {
		return err
	}
	t.silence()
	if err := t.settleErased(ctx); err != nil {
		return err
	}
	if err := t.settleExtras(ctx); err != nil {
		return err
	}
	if t.s.a.local == nil && t.s.a.target.size > 0 {
		if err := t.settleEarly(ctx, t.s.a.target.size/log.TileWidth); err != nil {
			return err
		}
	}
	t.settleLacking()
	t.settleOdd()
	t.settleFiles()
	return nil
}

// silence takes back what was said of texts that were erased since.
func (t *textCheck) silence() {
	if len(t.silenced) > 0 {
		t.s.leafFindings.drop(func(f pledge.Finding) bool {
			return f.Index != nil && t.silenced[*f.Index] && (f.Code == pledge.FindCodeUnknown || f.Code == pledge.FindBodyInvalid)
		})
	}
	clear(t.silenced)
}

// settleErased looks whether erased texts are served, and says of their statements
// what these show without them.
func (t *textCheck) settleErased(ctx context.Context) error {
	byBundle := make(map[uint64]map[uint64]entry.ID)
	for i, e := range t.s.state.Erasures() {
		text := t.s.state.Text(e.Of, e.Digest)
		if text.Body {
			b := text.Index / log.TileWidth
			if byBundle[b] == nil {
				byBundle[b] = make(map[uint64]entry.ID)
			}
			byBundle[b][text.Index] = e.Of
		}
		if t.s.state.Named(e.Digest).State == pledge.TextPublic {
			continue // another statement publishes it
		}
		served, err := t.isServed(ctx, e.Digest, text.Published, t.wasThere[i] || text.Published < t.s.from && e.Index >= t.s.from)
		if err != nil {
			return err
		}
		if served {
			t.servedErased(e)
		}
	}
	for _, b := range slices.Sorted(maps.Keys(byBundle)) {
		items, err := t.s.readAgain(ctx, b, byBundle[b])
		if err != nil {
			return err
		}
		for _, index := range slices.Sorted(maps.Keys(items)) {
			t.s.noteFrom(index, pledge.CodesOf(index, items[index].Statement))
		}
	}
	return nil
}

// isServed reports whether a text is served under its address, or in the bundle of
// the entry with which it was published, if that is to be looked at.
func (t *textCheck) isServed(ctx context.Context, digest string, published uint64, bundled bool) (bool, error) {
	b, state, err := t.s.readText(ctx, digest, nil)
	if err != nil {
		return false, err
	}
	if state == fileGood && entry.Digest(b) == digest {
		return true, nil
	}
	if state != fileMissing {
		t.filesOff++
		t.s.leafFindings.add(finding(FindBodyFile, fmt.Sprintf("The file %s does not hold the text whose digest is its name; the operator stated that it erased that.", t.s.a.where(log.BodyPath(digest)))))
	}
	bundle := published / log.TileWidth
	if !bundled || !t.s.isFull(bundle) {
		return false, nil
	}
	lines, err := t.s.readTextBundle(ctx, bundle, nil)
	if errors.Is(err, log.ErrNotFound) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	var got texts
	got.byDigest = make(map[string][]byte)
	t.s.busy(func() { got.split(lines, []string{digest}) })
	return got.byDigest[digest] != nil, nil
}

// settleExtras says of lines that a bundle of texts should not have what they are.
// Who fills a bundle with lines hides none among them: such a one is read again.
func (t *textCheck) settleExtras(ctx context.Context) error {
	for _, x := range t.extras {
		if !t.flooded[x.bundle] && !t.settleExtra(x.digest) {
			t.off[x.bundle] = true
		}
	}
	for _, bundle := range slices.Sorted(maps.Keys(t.flooded)) {
		lines, err := t.s.readTextBundle(ctx, bundle, nil)
		if errors.Is(err, log.ErrNotFound) {
			continue
		} else if err != nil {
			return err
		}
		looked := make(map[string]bool)
		var digest []byte
		for line := range bytes.Lines(lines) {
			if err := ctx.Err(); err != nil {
				return err
			}
			digest = entry.AppendDigest(digest[:0], bytes.TrimSuffix(line, []byte("\n")))
			text := t.s.state.Named(string(digest))
			if text.State == pledge.TextUnknown || looked[string(digest)] {
				continue
			}
			looked[string(digest)] = true
			if text.State == pledge.TextErased && text.Published/log.TileWidth == bundle {
				continue // settleErased looked at it
			}
			t.settleExtra(string(digest))
		}
	}
	t.settleOff()
	return nil
}

// settleExtra says of a text that a bundle should not have what it is. It reports
// whether it is one that the log names, and that is not to be served.
func (t *textCheck) settleExtra(digest string) bool {
	switch text := t.s.state.Named(digest); text.State {
	case pledge.TextWithheld:
		t.servedUnopened(text)
	case pledge.TextErased:
		if i := slices.IndexFunc(t.s.state.Erasures(), func(e pledge.Erasure) bool { return e.Digest == digest }); i >= 0 {
			t.servedErased(t.s.state.Erasures()[i])
		}
	default:
		return false
	}
	return true
}

// settleEarly looks at a bundle of texts that is not to be there yet, as not all of its
// entries are: what it serves of texts that are withheld or erased is served. It is no
// bundle before its time when the log has grown meanwhile, and one of the new entries
// may have opened a text.
func (t *textCheck) settleEarly(ctx context.Context, bundle uint64) error {
	lines, err := t.s.readTextBundle(ctx, bundle, nil)
	if errors.Is(err, log.ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	var secret []string
	var digest []byte
	for line := range bytes.Lines(lines) {
		if err := ctx.Err(); err != nil {
			return err
		}
		digest = entry.AppendDigest(digest[:0], bytes.TrimSuffix(line, []byte("\n")))
		switch t.s.state.Named(string(digest)).State {
		case pledge.TextWithheld, pledge.TextErased:
			secret = append(secret, string(digest))
		}
	}
	if len(secret) == 0 {
		return nil
	}
	if grown, err := t.reaches(ctx, (bundle+1)*log.TileWidth); grown || err != nil {
		return err
	}
	for _, digest := range secret {
		t.settleExtra(digest)
	}
	return nil
}

// reaches reports whether the copy has grown to a size meanwhile.
func (t *textCheck) reaches(ctx context.Context, size uint64) (bool, error) {
	b, err := t.s.a.cfg.Source.Get(ctx, log.CheckpointPath, log.MaxCheckpointFile)
	if errors.Is(err, log.ErrNotFound) || errors.Is(err, log.ErrTooLarge) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	v, err := t.s.a.cfg.Policy.Open(b)
	return err == nil && v.Checkpoint.Origin == t.s.a.report.Log && v.Checkpoint.Size >= size, nil
}

// servedErased says, once, that a text is served that was erased.
func (t *textCheck) servedErased(e pledge.Erasure) {
	if !t.erased[e.Index] {
		t.erased[e.Index] = true
		t.s.leafFindings.add(pledge.ErasedServed(e))
	}
}

func (t *textCheck) settleOff() {
	for _, bundle := range slices.Sorted(maps.Keys(t.off)) {
		t.s.leafFindings.add(at(finding(FindBodyBundle, fmt.Sprintf("The bundle of texts %s is not just the texts of its entries, in their order.", t.s.a.where(log.BodiesBundlePath(bundle)))), bundle*log.TileWidth))
	}
}

// settleLacking says which bundles of texts are not whole, where it was not said that
// they hold something else. What was erased is not missed.
func (t *textCheck) settleLacking() {
	lacks := make(map[uint64]uint64)
	for _, l := range t.lacking {
		if !t.off[l.index/log.TileWidth] && t.s.state.Text(l.of, l.digest).State == pledge.TextPublic {
			lacks[l.index/log.TileWidth]++
		}
	}
	for _, bundle := range slices.Sorted(maps.Keys(lacks)) {
		path, n := t.s.a.where(log.BodiesBundlePath(bundle)), lacks[bundle]
		text := fmt.Sprintf("The bundle of texts %s lacks %s of its entries that the operator serves under their own addresses.", path, Count(n, "text", "texts"))
		if t.unbound[bundle] {
			text = fmt.Sprintf("There is no bundle of texts %s; %s of its entries under their own addresses.", path, Count(n, "text is served", "texts are served"))
		}
		t.lacked++
		t.s.leafFindings.add(at(finding(FindBodyBundleShort, text), bundle*log.TileWidth))
	}
}

// servedUnopened says, once, that a text is served that is withheld.
func (t *textCheck) servedUnopened(text pledge.Text) {
	if !t.unopened[text.Index] {
		t.unopened[text.Index] = true
		t.s.leafFindings.add(pledge.WithheldServed(text.Index, &entry.Statement{ID: text.Entry}))
	}
}

// settleOdd says which public texts are missing or altered.
func (t *textCheck) settleOdd() {
	for _, o := range t.kept.Odd {
		var c entry.Code
		at := o.Index
		switch {
		case o.State == textInvalid:
			continue // which was said
		case o.Body:
			c, at = pledge.FindBodyMismatch, o.Of
			if o.State == textMissing {
				c = pledge.FindBodyMissing
			}
		case o.State == textMissing:
			c = pledge.FindDisclosureGone
		default:
			c = pledge.FindDisclosureOff
		}
		id, _ := t.s.state.EntryAt(at)
		t.s.leafFindings.add(pledge.TextFinding(c, at, id))
	}
}

// settleFiles says which files of single texts are not as they should be, where
// nothing was said of the text itself.
func (t *textCheck) settleFiles() {
	for _, f := range t.files {
		if t.s.state.Text(f.of, f.digest).State == pledge.TextErased {
			continue
		}
		path := t.s.a.where(log.BodyPath(f.digest))
		said := finding(FindBodyFile, fmt.Sprintf("The file %s does not hold the text that this statement names.", path))
		if f.state == fileMissing {
			said = finding(FindBodyFileMissing, fmt.Sprintf("The text that this statement names is in its bundle, and not in the file %s.", path))
		}
		said.Entry = f.entry.String()
		t.filesOff++
		t.s.leafFindings.add(at(said, f.index))
	}
}
