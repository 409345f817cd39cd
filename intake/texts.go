package intake

import (
	"fmt"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/store"
)

// textsOf are the texts that a submission brings, in the order in which its
// statement publishes them (protocol section 3). A withheld body is not among them:
// the server takes its digest only.
func textsOf(sub *entry.Submission) []store.Text {
	var texts []store.Text
	for _, digest := range sub.Statement.Publishes() {
		if sub.Body != nil && entry.Digest(sub.Body) == digest {
			texts = append(texts, store.Text{Digest: digest, Bytes: sub.Body})
			continue
		}
		for _, d := range sub.Disclosures {
			if d.Digest() == digest {
				texts = append(texts, store.Text{Digest: digest, Bytes: []byte(d.Text())})
			}
		}
	}
	return texts
}

// A source of texts returns the one of a digest; ok is false when it is not there.
type textSource func(digest string) (text []byte, ok bool, err error)

func inSubmission(sub *entry.Submission) textSource {
	texts := textsOf(sub)
	return func(digest string) ([]byte, bool, error) {
		for _, t := range texts {
			if t.Digest == digest {
				return t.Bytes, true, nil
			}
		}
		return nil, false, nil
	}
}

func (in *Intake) inStore(digest string) ([]byte, bool, error) {
	return in.cfg.Store.Text(in.ctx, digest)
}

// checkOpen holds the texts that an open brings against the statement that it
// opens: the body is the one that was committed to, and each disclosure is that of
// a member that is sealed in the body, and fits there. A verifier accepts an open
// whatever its texts are, and would call them missing, or invalid; the server takes
// it only when nobody will.
//
// The texts are those of the open; what was published before comes from the store.
// A statement that is opened and not known yet is no error: done is false then.
func (in *Intake) checkOpen(st *entry.Statement, brought textSource) (done bool, err error) {
	open, ok := st.Body.(*entry.Open)
	if !ok || open.Digests == nil {
		return true, nil
	}
	original, err := in.original(open.Entry)
	if original == nil || err != nil {
		return false, err
	}
	var body []byte
	var disclosures []entry.Disclosure
	for _, digest := range open.Digests {
		text, ok, err := brought(digest)
		if err != nil {
			return false, fmt.Errorf("read text: %w", err)
		}
		if !ok {
			return true, in.absent(digest)
		}
		if digest == original.BodyDigest {
			body = text
			continue
		}
		d, err := entry.ParseDisclosure(string(text))
		if err != nil {
			return true, refusal(err)
		}
		disclosures = append(disclosures, d)
	}
	if body == nil {
		if body, ok, err = in.inStore(original.BodyDigest); err != nil {
			return false, fmt.Errorf("read body: %w", err)
		} else if !ok {
			return true, in.absent(original.BodyDigest)
		}
	}
	if _, err := entry.ParseOpened(original, body); err != nil {
		return true, refusal(err)
	}
	if _, err := entry.Unseal(original, body, disclosures); err != nil {
		return true, refusal(err)
	}
	return true, nil
}

// absent says why a text that should be there is not.
func (in *Intake) absent(digest string) error {
	if r := in.refuseErased(digest); r != nil {
		return r
	}
	return &Refusal{Code: entry.CodeBodyMissing, Detail: "a text that the open opens, or the body that it is sealed in, is not here"}
}

// original returns an accepted statement: one of the batch that is being sequenced,
// or of the order of record; nil when it is in neither.
func (in *Intake) original(id entry.ID) (*entry.Statement, error) {
	in.batchMu.Lock()
	st := in.batch[id]
	in.batchMu.Unlock()
	if st != nil {
		return st, nil
	}
	rec, ok, err := in.cfg.Store.RecordByEntryID(in.ctx, id)
	if err != nil || !ok {
		return nil, err
	}
	it := pledge.Read(rec.Index, rec.Leaf)
	if it.Statement == nil {
		return nil, fmt.Errorf("read entry %d: %w", rec.Index, it.Err)
	}
	return it.Statement, nil
}

// refuseErased refuses a text that was erased: it is not published again, by
// whomever.
func (in *Intake) refuseErased(digests ...string) *Refusal {
	in.textMu.RLock()
	defer in.textMu.RUnlock()
	for _, d := range digests {
		if e, ok := in.erased[d]; ok {
			return &Refusal{Code: CodeTextErased, Detail: fmt.Sprintf("the text %s was erased, as entry %d says", d, e.Index)}
		}
	}
	return nil
}

// took notes what an accepted statement means for texts. Those that it publishes
// wait for its publication, unless they are public already.
func (in *Intake) took(it *pledge.Item) {
	st := it.Statement
	if b, ok := st.Body.(*entry.Erasure); ok {
		in.textMu.Lock()
		defer in.textMu.Unlock()
		if _, ok := in.erased[b.Digest]; !ok {
			in.erased[b.Digest] = Erasure{Index: it.Index, Entry: st.ID}
		}
		in.erasures = append(in.erasures, erasedText{it.Index, b.Digest})
		return
	}
	if it.Index < in.publishedSize() {
		return
	}
	for _, digest := range st.Publishes() {
		if st.Kind == entry.KindOpen {
			// Whoever knows a disclosure may have published it before.
			at, err := in.cfg.Store.RecordsOfText(in.ctx, digest)
			if err == nil && len(at) > 0 && at[0] < it.Index {
				continue
			}
		}
		in.textMu.Lock()
		in.unpublished[digest] = it.Index
		in.textMu.Unlock()
	}
}

// release forgets the texts that waited for a checkpoint of this size.
func (in *Intake) release(size uint64) {
	in.textMu.Lock()
	defer in.textMu.Unlock()
	for digest, index := range in.unpublished {
		if index < size {
			delete(in.unpublished, digest)
		}
	}
}

// An Erasure is the statement by which the operator says that it erased a text.
type Erasure struct {
	Index uint64
	Entry entry.ID
}

// Erased returns the statement that a text was erased, once it is published: from
// then on nobody is shown the text.
func (in *Intake) Erased(digest string) (Erasure, bool) {
	in.textMu.RLock()
	defer in.textMu.RUnlock()
	e, ok := in.erased[digest]
	return e, ok && e.Index < in.publishedSize()
}

// IsWaiting reports whether a text belongs to a statement that has its index and
// that no published checkpoint covers yet. Nobody is shown it before.
func (in *Intake) IsWaiting(digest string) bool {
	in.textMu.RLock()
	defer in.textMu.RUnlock()
	index, waits := in.unpublished[digest]
	return waits && index >= in.publishedSize()
}

func (in *Intake) publishedSize() uint64 {
	if v, _ := in.head.get(); v != nil {
		return v.Checkpoint.Size
	}
	return 0
}
