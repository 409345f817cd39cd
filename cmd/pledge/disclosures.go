package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

// What opens the sealed members of a draft stands in a file beside it, so that the
// draft can go from hand to hand without it: FILE.json and FILE.sealed.json. It is
// the only copy. Who loses it can never open these members.

const sealedExt = ".sealed.json"

// sealedPath names the file of disclosures beside a draft.
func sealedPath(draft string) string { return strings.TrimSuffix(draft, ".json") + sealedExt }

// disclosureFile is {"entry":"<id>","disclosures":["…",…]} and a line feed.
type disclosureFile struct {
	Entry       entry.ID
	Disclosures []entry.Disclosure
}

type disclosureFileJSON struct {
	Entry       entry.ID `json:"entry"`
	Disclosures []string `json:"disclosures"`
}

// marshal writes what parseDisclosureFile reads.
func (f *disclosureFile) marshal() ([]byte, error) {
	w := disclosureFileJSON{Entry: f.Entry, Disclosures: []string{}}
	for _, d := range f.Disclosures {
		w.Disclosures = append(w.Disclosures, d.Text())
	}
	b, err := json.Marshal(w)
	return append(b, '\n'), err
}

func parseDisclosureFile(b []byte) (*disclosureFile, error) {
	var w disclosureFileJSON
	if err := json.Unmarshal(b, &w, json.RejectUnknownMembers(true)); err != nil {
		return nil, errors.New(`it is not {"entry":…,"disclosures":[…]}`)
	}
	f := &disclosureFile{Entry: w.Entry}
	for _, text := range w.Disclosures {
		d, err := entry.ParseDisclosure(text)
		if err != nil {
			return nil, err
		}
		f.Disclosures = append(f.Disclosures, d)
	}
	if again, err := f.marshal(); err != nil || !bytes.Equal(again, b) {
		return nil, errors.New("it is not as `pledge new` wrote it")
	}
	return f, nil
}

// keepDisclosures writes what opens the seals of a draft, before the draft.
func keepDisclosures(draft string, id entry.ID, disclosures []entry.Disclosure) error {
	b, err := (&disclosureFile{Entry: id, Disclosures: disclosures}).marshal()
	if err != nil {
		return fmt.Errorf("encode disclosures: %w", err)
	}
	if err := createFile(sealedPath(draft), b, 0o600); err != nil {
		return fmt.Errorf("write disclosures: %w", err)
	}
	return nil
}

// readDisclosures reads what opens the sealed members of a draft, nil when it is not
// at hand. What is there has to open all of them, and nothing else.
func readDisclosures(draft string, sub *entry.Submission) ([]entry.Disclosure, error) {
	if sub.Detached == nil || len(sub.Detached.Seals()) == 0 {
		return nil, nil
	}
	path := sealedPath(draft)
	b, err := commandline.ReadFile(path, 2*entry.MaxDisclosure)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	const hint = "find the file that pledge new wrote beside the draft: it is what opens the seals"
	if err != nil {
		return nil, commandline.Usagef(hint, "read disclosures: %w", err)
	}
	f, err := parseDisclosureFile(b)
	if err != nil {
		return nil, commandline.Refused(fmt.Errorf("read disclosures %s: %w", path, err), hint)
	}
	if f.Entry != sub.Statement.ID {
		return nil, commandline.Refused(fmt.Errorf("read disclosures %s: they are those of entry %s", path, f.Entry), hint)
	}
	whole, err := entry.Unseal(sub.Statement, sub.Body, f.Disclosures)
	if err != nil || len(whole.Seals()) > 0 {
		return nil, commandline.Refused(fmt.Errorf("read disclosures %s: they do not open what is sealed in the draft", path), hint)
	}
	return f.Disclosures, nil
}
