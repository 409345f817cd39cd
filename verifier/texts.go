package verifier

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sort"
	"sync"
	"sync/atomic"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

const (
	// maxTextBundle is the largest bundle of texts that is read beside others, in
	// bytes: 256 of the largest bodies, each with its line feed. An open may bring
	// more, which is read alone.
	maxTextBundle     = log.TileWidth * (entry.MaxBody + 1)
	maxOpenTextBundle = log.TileWidth * entry.MaxSubmission
	// singleTexts is how many single texts are read at the same time.
	singleTexts = 8
	// smallText is how large most texts are at the most, in bytes, and a byte more.
	smallText = 16<<10 + 1
	// keptOfChunk is how many bytes of opened texts a chunk keeps until they can be
	// compared with the statement that they are of. What is more is read again.
	keptOfChunk = 64 << 10
	// maxExtra is how many lines of a bundle of texts are kept that were not looked
	// for.
	maxExtra = 64
)

// texts are what is published with some entries, by their digests. They lie in buf
// until that is given back.
type texts struct {
	buf      *buffer              // nil when they are elsewhere
	byDigest map[string][]byte    // each has that digest
	files    map[string]fileState // of single files that are not as they should be
	extra    []string             // digests of lines of the bundle that no statement names
	flooded  bool                 // there are more of them
	off      bool                 // the bundle is not in the required form
	lacks    map[string]bool      // texts that are there, and that the bundle should have and has not
	unbound  bool                 // there is no bundle, and there should be
}

// A fileState is what became of the file that a single text is served from.
type fileState int

const (
	fileGood fileState = iota // or not looked at
	fileMissing
	fileDiffers
)

// openTexts opens the folder of texts of a directory, if there is one.
func (s *stream) openTexts() error {
	if s.a.local == nil {
		return nil
	}
	folder, err := s.a.local.OpenFolder(log.BodiesPath)
	if errors.Is(err, log.ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	s.folder = folder
	return nil
}

// publishes lists the texts that some statements publish, in order, accepted or
// not: that is not known yet.
func publishes(items []*pledge.Item) []string {
	var named []string
	for _, it := range items {
		if it.Statement != nil {
			named = append(named, it.Statement.Publishes()...)
		}
	}
	return named
}

// readTexts gets texts that are published with entries of a bundle, in the order
// of these: from the bundle of texts when the 256 entries are complete, and what is
// not there from a file each. A text that is nowhere is not in the result.
//
// With files, in a directory, the files of texts that the bundle has are compared
// with it too: each text is served from its own. Over HTTP that would be a request
// for each text of the log.
func (s *stream) readTexts(ctx context.Context, bundle uint64, named []string, files bool) (texts, error) {
	got := texts{byDigest: make(map[string][]byte, len(named)), files: make(map[string]fileState)}
	files = files && s.a.local != nil
	if len(named) == 0 && !files {
		return got, nil
	}
	bundled := s.isFull(bundle)
	if bundled {
		got.buf = takeBuffer()
		b, err := s.readTextBundle(ctx, bundle, got.buf.b)
		switch {
		case errors.Is(err, log.ErrNotFound):
			// It may come a moment after the checkpoint that completes it.
			bundled, got.unbound = s.wasFull(bundle), true
		case err != nil:
			return got, err
		default:
			s.busy(func() { got.split(b, named) })
		}
	}
	var single, missed []string
	asked := make(map[string]bool)
	for _, digest := range named {
		_, has := got.byDigest[digest]
		if asked[digest] || has && (!files || s.folder == nil) {
			continue
		}
		single = append(single, digest)
		asked[digest] = true
		if !has && bundled {
			missed = append(missed, digest)
		}
	}
	err := s.readSingle(ctx, single, &got)
	for _, digest := range missed {
		if _, there := got.byDigest[digest]; there && got.files[digest] == fileGood {
			if got.lacks == nil {
				got.lacks = make(map[string]bool)
			}
			got.lacks[digest] = true
		}
	}
	return got, err
}

// readFew gets some texts of a bundle once more, as readTexts does without files. In a
// directory each has a file, which is read faster than the bundle.
func (s *stream) readFew(ctx context.Context, bundle uint64, named []string) (texts, error) {
	if s.folder != nil {
		got := texts{byDigest: make(map[string][]byte, len(named)), files: make(map[string]fileState)}
		err := s.readSingle(ctx, named, &got)
		if err != nil || !slices.ContainsFunc(named, func(digest string) bool { return got.byDigest[digest] == nil }) {
			return got, err
		}
	}
	return s.readTexts(ctx, bundle, named, false)
}

// wasFull reports whether a checkpoint of this copy before the one that is audited
// covered all 256 entries of a bundle.
func (s *stream) wasFull(bundle uint64) bool {
	end := (bundle + 1) * log.TileWidth
	i := sort.Search(len(s.growth.archived), func(i int) bool { return s.growth.archived[i] >= end })
	return i < len(s.growth.archived) && s.growth.archived[i] < s.a.target.size
}

// isFull reports whether the checkpoint covers all 256 entries of a bundle.
func (s *stream) isFull(bundle uint64) bool {
	return log.TileWidthAt(log.EntriesLevel, bundle, s.a.target.size) == log.TileWidth
}

// readTextBundle reads a bundle of texts. One that is larger than most can be is
// read alone.
func (s *stream) readTextBundle(ctx context.Context, bundle uint64, buf []byte) ([]byte, error) {
	path := log.BodiesBundlePath(bundle)
	b, err := log.GetInto(ctx, s.a.cfg.Source, path, maxTextBundle, buf)
	if errors.Is(err, log.ErrTooLarge) {
		s.alone.Lock()
		defer s.alone.Unlock()
		return s.a.cfg.Source.Get(ctx, path, maxOpenTextBundle)
	}
	return b, err
}

// split takes a bundle apart: one text a line, in the order of the entries. Digests
// are of the lines, so that nothing in the bundle has to be believed. A text that
// was erased leaves no line.
func (t *texts) split(b []byte, named []string) {
	wanted := make(map[string]string, len(named)) // each is its own value
	for _, digest := range named {
		wanted[digest] = digest
	}
	next := 0
	var computed []byte
	for len(b) > 0 {
		line, rest, ended := bytes.Cut(b, []byte("\n"))
		b = rest
		computed = entry.AppendDigest(computed[:0], line)
		digest := wanted[string(computed)]
		switch {
		case !ended:
			t.off = true
			return
		case digest == "":
			if len(t.extra) < maxExtra {
				t.extra = append(t.extra, string(computed))
			} else {
				t.off, t.flooded = true, true
			}
			continue
		}
		t.byDigest[digest] = line
		if t.off {
			continue
		}
		if i := slices.Index(named[next:], digest); i >= 0 {
			next += i + 1
		} else {
			t.off = true
		}
	}
}

// readSingle gets texts from a file each, and notes which of these files are not
// as they should be.
func (s *stream) readSingle(ctx context.Context, digests []string, got *texts) error {
	type file struct {
		raw   []byte // nil when the bundle has the text
		state fileState
		err   error
	}
	files := make([]file, len(digests))
	var next atomic.Int64
	var failed atomic.Bool
	var wg sync.WaitGroup
	for range min(singleTexts, len(digests)) {
		wg.Go(func() {
			buf := make([]byte, smallText)
			for !failed.Load() {
				i := int(next.Add(1)) - 1
				if i >= len(digests) {
					return
				}
				f, digest := &files[i], digests[i]
				bundled, isBundled := got.byDigest[digest]
				f.raw, f.state, f.err = s.readText(ctx, digest, buf)
				switch {
				case f.err != nil:
					failed.Store(true)
				case isBundled:
					if f.state == fileGood && !bytes.Equal(f.raw, bundled) {
						f.state = fileDiffers
					}
					f.raw = nil
				case f.state == fileGood:
					f.raw = bytes.Clone(f.raw)
					s.busy(func() {
						if entry.Digest(f.raw) != digest {
							f.raw, f.state = nil, fileDiffers
						}
					})
				}
			}
		})
	}
	wg.Wait()
	for i, f := range files {
		if f.err != nil {
			return f.err
		}
		if f.state != fileGood {
			got.files[digests[i]] = f.state
		}
		if f.raw != nil {
			got.byDigest[digests[i]] = f.raw
		}
	}
	return nil
}

// readText reads the file of a single text, into buf if that has room for it and a
// byte more: nil when there is none, or when it is larger than a text can be.
func (s *stream) readText(ctx context.Context, digest string, buf []byte) (b []byte, state fileState, err error) {
	if s.folder != nil {
		b, err = s.folder.Read(ctx, digest, entry.MaxBody, buf)
	} else {
		b, err = s.a.cfg.Source.Get(ctx, log.BodyPath(digest), entry.MaxBody)
	}
	switch {
	case errors.Is(err, log.ErrNotFound):
		return nil, fileMissing, nil
	case errors.Is(err, log.ErrTooLarge):
		return nil, fileDiffers, nil // something is there, and it is not the text
	}
	return b, fileGood, err
}

// A judgedText is what became of the texts of one entry, before it is known
// whether its statement is accepted: what is said of the others is not used.
type judgedText struct {
	state    pledge.BodyState
	seals    []entry.Seal
	findings []pledge.Finding
	file     fileState // of the detached body, in a directory
	lacks    bool      // its bundle of texts does not have it
	opened   []servedText
	wanted   []string // the rules of a Watch that want the detached body
}

// A servedText is a text that an open publishes, as it is served. What it is
// worth shows when it is compared with the statement that it is of: see openings.
type servedText struct {
	digest string
	state  textState
	raw    []byte // nil unless state is textKept
	file   fileState
	lacks  bool // its bundle of texts does not have it
}

type textState uint8

const (
	textMissing textState = iota
	textAltered
	textServed // as it should be, and to be read again
	textKept
	textInvalid // as it was signed, and not in the required form
)

// judgeTexts judges what the chunk's statements say in codes and texts.
func (c *chunk) judgeTexts(t texts, l *lookout) {
	c.judged = make([]judgedText, len(c.items))
	c.extra, c.flooded, c.textsOff, c.unbound = t.extra, t.flooded, t.off, t.unbound
	room := keptOfChunk
	for i, it := range c.items {
		st := it.Statement
		if st == nil {
			continue
		}
		j := &c.judged[i]
		if st.Kind == entry.KindOpen {
			j.findings = pledge.CodesOf(it.Index, st)
			j.opened = serve(st.Publishes(), t, &room)
			continue
		}
		var raw []byte
		if len(st.Publishes()) > 0 {
			raw = t.byDigest[st.BodyDigest]
			j.file, j.lacks = t.files[st.BodyDigest], t.lacks[st.BodyDigest]
		}
		if raw == nil {
			j.state, _, j.findings = pledge.JudgeBody(it.Index, st, nil)
			if j.state == pledge.BodyMissing {
				j.findings = nil // see settle: it may have been erased
				if j.file == fileDiffers {
					j.state = pledge.BodyAltered
				}
			}
			continue
		}
		var d entry.Detached
		if j.state, d, j.findings = pledge.JudgeMatching(it.Index, st, raw); d != nil {
			j.seals = d.Seals()
			j.wanted = l.text(it.Index, st, raw, d)
		}
	}
}

// serve says what is served of an open's texts, and keeps them as long as there is
// room.
func serve(digests []string, t texts, room *int) []servedText {
	out := make([]servedText, len(digests))
	for i, digest := range digests {
		raw, ok := t.byDigest[digest]
		o := servedText{digest: digest, file: t.files[digest], lacks: t.lacks[digest]}
		switch {
		case !ok && o.file == fileDiffers:
			o.state = textAltered
		case !ok:
			o.state = textMissing
		case len(raw) > *room:
			o.state = textServed
		default:
			*room -= len(raw)
			o.state, o.raw = textKept, bytes.Clone(raw)
		}
		out[i] = o
	}
	return out
}
