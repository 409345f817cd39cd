package tamper_test

import (
	"bytes"
	"slices"
	"strings"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier"
)

// filed damages a file of the small log's directory.
func filed(path string, damages ...change) formCase {
	return formCase{file: path, text: damages}
}

// noteFindings say that a checkpoint, an archive or a bundle is not in order.
var noteFindings = []entry.Code{
	verifier.FindCheckpointMalformed, verifier.FindCheckpointOrigin, verifier.FindCheckpointSignature, verifier.FindCheckpointUnsigned, verifier.FindCheckpointQuorum,
	verifier.FindArchiveMalformed, verifier.FindArchiveMissing, verifier.FindArchiveUnvouched, verifier.FindBundleMalformed, verifier.FindRootMismatch,
}

// file is the small log's directory with the file damaged.
func (c formCase) directory(s *small) files {
	f := clone(s.with())
	for _, damage := range c.text {
		if f[c.file] == nil {
			panic(badCase("there is no " + c.file))
		}
		f[c.file] = damage(f[c.file])
	}
	return f
}

// noted returns the code for which an audit refuses a file.
func noted(r *verifier.Report) (code string, refused bool) {
	for _, f := range r.Findings {
		if slices.Contains(noteFindings, f.Code) {
			return string(f.Code), true
		}
	}
	return "", r.Result == verifier.CannotDecide
}

const (
	malformed = "checkpoint-malformed"
	signature = "what the log signed is another text"
)

// line puts a signature line by somebody unknown behind the others.
func line(s string) formCase { return filed(log.CheckpointPath, behind(s+"\n")) }

// inText changes the text of the checkpoint, which the log has not signed so.
func inText(old, new string) formCase { return filed(log.CheckpointPath, put(old, new)) }

var noteForms = []form{
	refuse("no empty line before the signatures", malformed, filed(log.CheckpointPath, put("\n\n", "\n"))).although("a line of the text is no signature"),
	refuse("no signature\"", malformed, filed(log.CheckpointPath, func(b []byte) []byte { return b[:bytes.Index(b, []byte("\n\n"))+2] })).although("a checkpoint has a signature by the log"),
	refuse("last line has no line feed", malformed, filed(log.CheckpointPath, cut(1))),
	refuse("more than %d signatures", malformed, line(strings.Repeat("— somebody AAAAAAAA\n", log.MaxSignatures)+"— somebody AAAAAAAA")),
	refuse("control character 0x", malformed, line("— some\x01body AAAAAAAA")).although("no key has such a name"),
	refuse("not UTF-8", malformed, line("— some\xffbody AAAAAAAA")).although("no key has such a name"),
	refuse("line does not begin with", malformed, line("-somebody AAAAAAAA")),
	refuse("line has no signature", malformed, line("— somebody")).although("nothing is no signature"),
	refuse("want a key ID of 4 and more", malformed, line("— somebody AAAAAA==")),
	refuse("key name is empty", malformed, line("—  AAAAAAAA")),
	refuse("key name is not UTF-8", malformed, line("— some\xffbody AAAAAAAA")).although("nothing in a note is other than UTF-8"),
	refuse("key name has a plus sign", malformed, line("— some+body AAAAAAAA")),
	refuse("key name has a space", malformed, line("— some\u00a0body AAAAAAAA")),
	refuse("key name has a control character", malformed, line("— some\x01body AAAAAAAA")).although("nothing in a note is a control character"),
}

var checkpointForms = []form{
	refuse("want exactly three lines", malformed, inText("\n\n", "\nand more\n\n")).although(signature),
	refuse("origin is empty", malformed, inText("log.lanternhall.example/2024\n", "\n")).although("no log of the policy has such an origin"),
	refuse("size: %w", malformed, inText("/2024\n", "/2024\n0")).although(signature),
	refuse("root: %w", malformed, inText("=\n\n", "\n\n")).although(signature),
	refuse("is over 2^63-1", malformed, inText("/2024\n", "/2024\n92233720368547758")).although(signature),
}

// firstNote does something with the first checkpoint of an archive.
func firstNote(make func(note []byte) []byte) formCase {
	return filed(log.ArchivePath, func(b []byte) []byte {
		notes, err := log.ParseArchive(b)
		must(err)
		return append(make(bytes.Clone(notes[0])), b...)
	})
}

var archiveForms = []form{
	refuse("origin %q after origin", "archive-malformed", firstNote(func([]byte) []byte {
		return log.AppendArchive(nil, generator.New(generator.Options{Origin: "other.example/2025"}).Checkpoint(1, log.EmptyRoot(), 0))
	})).although("no log of the policy has such an origin"),
	refuse("the same checkpoint twice", "archive-malformed", firstNote(func(note []byte) []byte { return log.AppendArchive(nil, note) })),
}

var bundleForms = []form{
	refuse("bytes after the last of", "bundle-malformed", filed(log.EntriesPath(0, smallSize), behind("x"))),
	refuse("it ends before entry", "bundle-malformed", filed(log.EntriesPath(0, smallSize), func(b []byte) []byte {
		last := 0
		for at := 0; at < len(b); at += 2 + int(b[at])<<8 + int(b[at+1]) {
			last = at
		}
		return b[:last]
	})).breaks("it reads past the end"),
	refuse("it ends within entry", "bundle-malformed", filed(log.EntriesPath(0, smallSize), cut(1))).breaks("it reads past the end"),
}
