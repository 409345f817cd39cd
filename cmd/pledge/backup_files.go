package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/keyfile"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/safe"
)

// What a backup takes are the files that this program writes and that no log has. They are
// told by what is in them, whatever they are called.

// A keepable is a file that a backup takes.
type keepable struct {
	name    string // in the backup
	path    string // where it was read; "" in a backup
	content []byte
	what    string

	sub        *entry.Submission // of a draft
	slot       *slotFile
	commitment *commitment
	opens      *disclosureFile
}

const secretKey = "secret key"

// recognise says what a file is; nil for none that a backup takes.
func recognise(name string, b []byte) *keepable {
	k := &keepable{name: name, content: b}
	switch {
	case isSecretKey(b):
		k.what = secretKey
	case bytes.HasPrefix(b, []byte("{")):
		if k.what = k.parse(b); k.what == "" {
			return nil
		}
	case isReceipt(b):
		k.what = "receipt"
	case isMemo(b):
		k.what = "memo"
	default:
		return nil
	}
	return k
}

// parse reads one of the files that are JSON and returns what it is.
func (k *keepable) parse(b []byte) string {
	var err error
	if k.sub, err = entry.ParseDraft(b); err == nil {
		return "draft"
	}
	if k.slot, err = parseSlotFile(b); err == nil {
		return "slot"
	}
	if k.commitment, err = parseCommitment(b); err == nil {
		return "commitment"
	}
	if k.opens, err = parseDisclosureFile(b); err == nil {
		return "seals"
	}
	var f filing
	if err := json.Unmarshal(b, &f, json.RejectUnknownMembers(true)); err == nil && f.Format == filingFormat {
		return "filing record"
	}
	return ""
}

func isReceipt(b []byte) bool {
	p, err := log.ParseProof(b)
	return err == nil && p.Extra != nil
}

// isMemo: what pledge memo wrote, encrypted or not.
func isMemo(b []byte) bool {
	file, err := safe.ParseArmor(b)
	return err == nil && bytes.Contains(ageHead(file), []byte("\n-> X25519 ")) || bytes.HasPrefix(b, []byte(memoBegins))
}

// isSecretKey: what signs, or opens safes, encrypted or not.
func isSecretKey(b []byte) bool {
	if file, err := safe.ParseArmor(b); err == nil {
		b = file
	}
	_, err := keyfile.ParseAll(b)
	return err == nil || bytes.Contains(ageHead(b), []byte("\n-> scrypt ")) ||
		bytes.Contains(b, []byte("AGE-SECRET-KEY-")) || bytes.HasPrefix(b, []byte("-----BEGIN ")) && bytes.Contains(b, []byte("PRIVATE KEY-----"))
}

// ageHead is the beginning of a binary age file, nil for another.
func ageHead(b []byte) []byte {
	if !bytes.HasPrefix(b, []byte("age-encryption.org/v1\n")) {
		return nil
	}
	return b[:min(len(b), 4<<10)]
}

// A gathering is what a backup takes of what it was given, and what it leaves out.
type gathering struct {
	keys  bool // takes secret keys
	files []*keepable
	out   []string // what is left out, and why
	size  int
}

// gather reads files and folders. Folders are read whole, but for names that begin with
// a dot.
func (g *gathering) gather(paths []string) error {
	for _, p := range paths {
		const hint = "name files and folders of pledge: drafts, slots, receipts"
		info, err := os.Stat(p)
		if err != nil {
			return commandline.Usagef(hint, "read %s: %w", p, commandline.PlainError(err))
		}
		name := archiveName(p)
		if info.Mode().IsRegular() {
			if name == "." {
				name = filepath.Base(p)
			}
			k, err := g.read(p, name)
			if err != nil {
				return err
			}
			if why := g.refuses(k); why != "" {
				hint := "a backup takes drafts, seals, commitments, slots, filing records, memos and receipts"
				if k != nil {
					hint = "keep a copy of it and its passphrase in two places, or add --with-keys"
				}
				return commandline.Refused(fmt.Errorf("%s is %s", p, why), hint)
			}
			g.files = append(g.files, k)
			continue
		}
		if !info.IsDir() {
			return commandline.Usagef(hint, "%s is no file and no folder", p)
		}
		if err := g.folder(p, name); err != nil {
			return err
		}
	}
	slices.SortFunc(g.files, func(a, b *keepable) int { return strings.Compare(a.name, b.name) })
	for i := 1; i < len(g.files); i++ {
		if a, b := g.files[i-1], g.files[i]; a.name == b.name && !bytes.Equal(a.content, b.content) {
			return commandline.Refused(fmt.Errorf("%s and %s would both be %s in the backup, and they differ", a.path, b.path, a.name), "name the folder that both are in")
		}
	}
	g.files = slices.CompactFunc(g.files, func(a, b *keepable) bool { return a.name == b.name })
	return nil
}

// archiveName is what a file or folder is called in a backup: as it was named, or by its
// last element if that leads elsewhere.
func archiveName(p string) string {
	p = filepath.Clean(p)
	if !filepath.IsLocal(p) {
		p = filepath.Base(p)
		if !filepath.IsLocal(p) { // .. and the root
			p = "."
		}
	}
	return filepath.ToSlash(p)
}

func (g *gathering) folder(dir, name string) error {
	return filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return commandline.Usagef("run this as somebody who may read it", "read %s: %w", p, commandline.PlainError(err))
		}
		if p != dir && strings.HasPrefix(d.Name(), ".") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			return nil
		}
		if !d.Type().IsRegular() {
			g.out = append(g.out, p+": no file")
			return nil
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		k, err := g.read(p, path.Join(name, filepath.ToSlash(rel)))
		if err != nil {
			return err
		}
		if why := g.refuses(k); why != "" {
			g.out = append(g.out, p+": "+why)
			return nil
		}
		g.files = append(g.files, k)
		return nil
	})
}

// read reads one file; it returns nil for one that is nothing for a backup.
func (g *gathering) read(p, name string) (*keepable, error) {
	b, err := commandline.ReadFile(p, safe.MaxArchive)
	if err != nil {
		return nil, commandline.Usagef(commandline.InputHint(err, "run the same command again"), "read %s: %w", p, err)
	}
	k := recognise(name, b)
	if k == nil {
		return nil, nil
	}
	if err := safe.CheckName(name); err != nil {
		return nil, commandline.Refused(err, "give the file another name")
	}
	if g.size += len(b); g.size > safe.MaxArchive {
		return nil, commandline.Refused(fmt.Errorf("the files have more than %d MiB", safe.MaxArchive>>20), "make several backups, of several folders")
	}
	k.path = p
	return k, nil
}

// refuses says why a file is not taken, "" for one that is.
func (g *gathering) refuses(k *keepable) string {
	switch {
	case k == nil:
		return "nothing that a backup takes"
	case k.what == secretKey && !g.keys:
		return "a secret key"
	}
	return ""
}

// archive is what is put into a backup.
func (g *gathering) archive(made int64) *safe.Archive {
	a := &safe.Archive{Made: made}
	for _, k := range g.files {
		a.Files = append(a.Files, safe.File{Name: k.name, Content: k.content})
	}
	return a
}

var errNothingToKeep = errors.New("there is nothing that a backup takes")
