package mirror

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

// settle makes files of the texts that were fetched.
func (c *copying) settle(report *verifier.Report, r *Result) error {
	erased := make(map[string]bool, len(report.Erasures))
	for _, e := range report.Erasures {
		erased[e.Digest] = true
	}
	bundles := c.src.bundles() // that were fetched
	for n := c.before / log.TileWidth; n*log.TileWidth < report.Size; n++ {
		bundles = append(bundles, n)
	}
	slices.Sort(bundles)
	for _, n := range slices.Compact(bundles) {
		if err := c.texts(n, report.Size, erased, r); err != nil {
			return fmt.Errorf("texts of entries from %d: %w", n*log.TileWidth, err)
		}
	}
	return nil
}

// texts writes the texts that statements of one bundle of entries publish: each to
// its own file, and when the bundle is full all of them to the bundle of texts, a
// line each in the order of the entries. Nothing else that was served as one gets
// into the copy.
func (c *copying) texts(n, size uint64, erased map[string]bool, r *Result) error {
	named, err := c.named(n, size)
	if err != nil {
		return err
	}
	lines, err := c.src.lines(n)
	if err != nil {
		return err
	}
	var bundle []byte
	for _, digest := range named {
		path := c.path(log.BodyPath(digest))
		text, err := os.ReadFile(path)
		if err != nil || entry.Digest(text) != digest {
			if erased[digest] {
				continue
			}
			if text = lines[digest]; text == nil {
				text = c.src.single(digest)
			}
			if text == nil {
				continue // it is not served; the audit says so
			}
			if err := c.src.write(path, text); err != nil {
				return err
			}
			r.Texts++
		}
		bundle = append(append(bundle, text...), '\n')
	}
	if log.TileWidthAt(log.EntriesLevel, n, size) < log.TileWidth {
		return nil
	}
	path := c.path(log.BodiesBundlePath(n))
	if have, err := os.ReadFile(path); err == nil && bytes.Equal(have, bundle) {
		return nil
	}
	return c.src.write(path, bundle)
}

// named lists the texts that the statements of a bundle of the copy publish.
func (c *copying) named(n, size uint64) ([]string, error) {
	width := log.TileWidthAt(log.EntriesLevel, n, size)
	b, err := os.ReadFile(c.path(log.EntriesPath(n, width)))
	if err != nil {
		return nil, err
	}
	return textsNamed(n, width, b)
}

// textsNamed lists the texts that the statements of a bundle of entries publish, in
// their order.
func textsNamed(n uint64, width int, bundle []byte) ([]string, error) {
	leaves, err := log.ParseBundle(bundle, width)
	if err != nil {
		return nil, err
	}
	var named []string
	for i, leaf := range leaves {
		if it := pledge.Read(n*log.TileWidth+uint64(i), leaf); it.Statement != nil {
			named = append(named, it.Statement.Publishes()...)
		}
	}
	return named, nil
}

// erase takes texts off the copy, from every bundle that has them: the same statement
// may have been logged twice. Their files go last, so that a crash between has the next
// run find them, and do it again.
func (c *copying) erase(erasures []verifier.Erased, r *Result) error {
	files := make(map[string]string) // by digest
	for _, e := range erasures {
		if file := c.path(log.BodyPath(e.Digest)); exists(file) {
			files[e.Digest] = file
		}
	}
	if len(files) == 0 {
		return nil
	}
	err := filepath.WalkDir(c.path(log.BodiesPath+"/bundle"), func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		} else if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var rest []byte
		for line := range bytes.Lines(b) {
			if files[entry.Digest(bytes.TrimSuffix(line, []byte("\n")))] == "" {
				rest = append(rest, line...)
			}
		}
		if len(rest) == len(b) {
			return nil
		}
		return c.src.write(path, rest)
	})
	if err != nil {
		return fmt.Errorf("erase texts: %w", err)
	}
	if err := c.src.flush(); err != nil {
		return err
	}
	for _, file := range files {
		if err := os.Remove(file); err != nil {
			return fmt.Errorf("erase text: %w", err)
		}
		r.Erased++
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
