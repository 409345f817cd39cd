package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/atomicfile"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

// A successor is a draft that has the content of a former one at a new place.
type successor struct {
	path string
	sub  *entry.Submission
}

// successors are those of some folders, by their own entry ids and by those that they had
// at former places, the newest last.
type successors map[entry.ID][]*successor

// hasFormer is in the bytes of every draft that is a successor.
var hasFormer = []byte(`,"former":[`)

// readSuccessors reads those that stand beside the given statements. What is no draft is
// passed over.
func readSuccessors(beside []*outgoing) (successors, error) {
	all := make(successors)
	var done []string
	for _, o := range beside {
		dir := filepath.Dir(o.path)
		if slices.Contains(done, dir) {
			continue
		}
		done = append(done, dir)
		files, err := jsonFiles(dir, "")
		if err != nil {
			return nil, err
		}
		for _, path := range files {
			if b, err := commandline.ReadFile(path, entry.MaxDraft); err == nil && bytes.Contains(b, hasFormer) {
				if sub, err := parseDraft(path, b); err == nil && sub.Former != nil {
					all.add(&successor{path, sub})
				}
			}
		}
	}
	return all, nil
}

func (s successors) add(one *successor) {
	ids := []entry.ID{one.sub.Statement.ID}
	for _, e := range one.sub.Former {
		ids = append(ids, e.ID())
	}
	for _, id := range ids {
		s[id] = append(s[id], one)
		slices.SortStableFunc(s[id], func(a, b *successor) int { return cmp.Compare(a.sub.Statement.Seq, b.sub.Statement.Seq) })
	}
}

// newest is the newest one that is, or was at a former place, the statement id; nil for
// none.
func (s successors) newest(id entry.ID) *successor {
	if list := s[id]; list != nil {
		return list[len(list)-1]
	}
	return nil
}

// of is the newest one that was the statement id at a former place; nil for none.
func (s successors) of(id entry.ID) *successor {
	if one := s.newest(id); one != nil && one.sub.Statement.ID != id {
		return one
	}
	return nil
}

// rebasedName is what the n-th try calls a rebased draft: as pledge new would if the former
// one has such a name, else after the former one's file, with the new number.
func rebasedName(from string, old, st *entry.Statement, n int) string {
	name := (&drafting{st: st}).fileName()
	if base := filepath.Base(from); base != (&drafting{st: old}).fileName() {
		name = fmt.Sprintf("%s-at-%d.json", strings.TrimSuffix(base, filepath.Ext(base)), st.Seq)
	}
	if n > 1 {
		name = fmt.Sprintf("%s-%d.json", strings.TrimSuffix(name, ".json"), n)
	}
	return filepath.Join(filepath.Dir(from), name)
}

// writeRebased writes a rebased draft beside the file that it came of, and what stands
// beside the former one, old. It overwrites nothing.
func writeRebased(o *outgoing, old *successor, sub *entry.Submission) (string, error) {
	beside, err := besideRebased(old, sub)
	if err != nil {
		return "", err
	}
	for n := 1; n < 100; n++ {
		path := rebasedName(o.path, o.sub.Statement, sub.Statement, n)
		if exists(path) || exists(sealedPath(path)) || exists(filingPath(path)) || exists(receiptOf(path)) || exists(seenPath(path)) {
			continue
		}
		err := writeBeside(path, beside)
		if err == nil {
			if err = atomicfile.New(path, sub.Marshal(), 0o600); err != nil {
				err = errors.Join(err, removeBeside(path, beside))
			}
		}
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("write rebased draft: %w", err)
		}
		return path, nil
	}
	return "", commandline.Refused(fmt.Errorf("write rebased draft: every name for it is taken beside %s", o.path), "move some files away, and run the same command again")
}

// besideRebased are the files that go with a rebased draft, by their extensions, where it
// keeps something back in plain text: the same as before, of the new entry.
func besideRebased(old *successor, sub *entry.Submission) (map[string][]byte, error) {
	beside := make(map[string][]byte)
	if sub.Safe != nil {
		return beside, nil
	}
	opened, err := readDisclosures(old.path, old.sub)
	if err != nil {
		return nil, err
	}
	if opened != nil {
		b, err := (&disclosureFile{Entry: sub.Statement.ID, Disclosures: opened}).marshal()
		if err != nil {
			return nil, fmt.Errorf("encode disclosures: %w", err)
		}
		beside[sealedExt] = b
	}
	filed, err := readFiling(old.path, old.sub.Statement)
	if err != nil {
		return nil, err
	}
	if filed != nil {
		filed.Entry = sub.Statement.ID
		b, err := json.Marshal(filed)
		if err != nil {
			return nil, fmt.Errorf("encode filing record: %w", err)
		}
		beside[filingExt] = append(b, '\n')
	}
	return beside, nil
}

// writeBeside writes them before the draft: without them it could be signed and
// submitted.
func writeBeside(draft string, beside map[string][]byte) error {
	for ext, b := range beside {
		if err := atomicfile.New(strings.TrimSuffix(draft, ".json")+ext, b, 0o600); err != nil {
			return errors.Join(err, removeBeside(draft, beside))
		}
	}
	return nil
}

// removeBeside takes them away again, as far as they are these.
func removeBeside(draft string, beside map[string][]byte) (err error) {
	for ext, b := range beside {
		path := strings.TrimSuffix(draft, ".json") + ext
		if there, e := os.ReadFile(path); e == nil && bytes.Equal(there, b) {
			err = errors.Join(err, os.Remove(path))
		}
	}
	return err
}
