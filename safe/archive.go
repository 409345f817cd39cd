package safe

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/entry"
)

// An Archive is files that are kept together: a tar file with the list of what is in it
// first. `age -d FILE | tar x` unpacks it, should this program be gone.
type Archive struct {
	Made  int64  // Unix seconds
	Files []File // sorted by name, each name once
}

// A File is one of an archive.
type File struct {
	Name    string // slash-separated, relative, and nothing that leads elsewhere
	Content []byte
}

type listJSON struct {
	Format string     `json:"format"`
	Made   string     `json:"made"`
	Files  []fileJSON `json:"files"`
}

type fileJSON struct {
	Name   string `json:"name"`
	Size   int    `json:"size"`
	SHA256 string `json:"sha256"`
}

const (
	archiveFormat = "pledge-backup/v1"
	listName      = "pledge-backup.json"

	archiveBlock = 1 << 20 // an archive has a multiple of so many bytes: its size says little

	// MaxArchive is how many bytes an archive has at most.
	MaxArchive = 256 << 20
)

// CheckName wants a name that a file in an archive can have, on any system: it leads
// nowhere else.
func CheckName(name string) error {
	wrong := name == "" || len(name) > 1000 || !utf8.ValidString(name) || path.Clean(name) != name || strings.HasPrefix(name, "/") || name == listName ||
		strings.ContainsAny(name, `\:*?"<>|`) || strings.ContainsFunc(name, unicode.IsControl)
	for part := range strings.SplitSeq(name, "/") {
		device, _, _ := strings.Cut(strings.ToUpper(part), ".")
		wrong = wrong || part == "." || part == ".." || len(part) > 255 || strings.HasSuffix(part, ".") || strings.HasSuffix(part, " ") || slices.Contains(devices, device)
	}
	if wrong {
		return fmt.Errorf("%q is no name for a file in a backup", name)
	}
	return nil
}

// devices are names that on Windows are none of files.
var devices = []string{"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9", "LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9"}

// Marshal writes what ParseArchive reads.
func (a *Archive) Marshal() ([]byte, error) {
	list := listJSON{Format: archiveFormat, Made: entry.FormatTime(a.Made), Files: []fileJSON{}}
	total := 0
	for i, f := range a.Files {
		if err := CheckName(f.Name); err != nil {
			return nil, err
		}
		if i > 0 && a.Files[i-1].Name >= f.Name {
			return nil, errors.New("the files are not sorted, or one is there twice")
		}
		if total += len(f.Content); total > MaxArchive {
			return nil, fmt.Errorf("the files have more than %d bytes", MaxArchive)
		}
		digest := sha256.Sum256(f.Content)
		list.Files = append(list.Files, fileJSON{f.Name, len(f.Content), hex.EncodeToString(digest[:])})
	}
	head, err := json.Marshal(list)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range append([]File{{listName, append(head, '\n')}}, a.Files...) {
		err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: f.Name, Size: int64(len(f.Content)), Mode: 0o600, ModTime: time.Unix(a.Made, 0), Format: tar.FormatPAX})
		if err == nil {
			_, err = w.Write(f.Content)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	b.Write(make([]byte, (archiveBlock-b.Len()%archiveBlock)%archiveBlock))
	if b.Len() > MaxArchive {
		return nil, fmt.Errorf("the files have more than %d bytes", MaxArchive)
	}
	return b.Bytes(), nil
}

// ParseArchive reads an archive, in the one form that it is written in, and wants each
// file to be what the list says. Its errors quote no content.
func ParseArchive(b []byte) (*Archive, error) {
	r := tar.NewReader(bytes.NewReader(b))
	var list listJSON
	a := new(Archive)
	for i := 0; ; i++ {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, errors.New("it is no backup, or damaged")
		}
		content, err := io.ReadAll(r)
		if err != nil || h.Typeflag != tar.TypeReg {
			return nil, errors.New("it is no backup, or damaged")
		}
		if i == 0 {
			if h.Name != listName || json.Unmarshal(content, &list, json.RejectUnknownMembers(true)) != nil || list.Format != archiveFormat {
				return nil, fmt.Errorf("it does not begin with a list of its files, of the form %s", archiveFormat)
			}
			if a.Made, err = entry.ParseTime(list.Made); err != nil {
				return nil, fmt.Errorf("when it was made: %w", err)
			}
			continue
		}
		if err := CheckName(h.Name); err != nil {
			return nil, err
		}
		if i > len(list.Files) || list.Files[i-1].Name != h.Name {
			return nil, errors.New("it has other files than its list says")
		}
		digest := sha256.Sum256(content)
		if said := list.Files[i-1]; said.Size != len(content) || said.SHA256 != hex.EncodeToString(digest[:]) {
			return nil, fmt.Errorf("%s is not what the list says: it has another digest", h.Name)
		}
		a.Files = append(a.Files, File{h.Name, content})
	}
	if len(a.Files) != len(list.Files) || list.Format == "" {
		return nil, errors.New("files that its list names are missing")
	}
	if again, err := a.Marshal(); err != nil || !bytes.Equal(again, b) {
		return nil, errors.New("it is not as `pledge backup` wrote it")
	}
	return a, nil
}

// Seal encrypts an archive, after reading again what is to be encrypted: who has only the
// public halves of safes can't read it again afterwards.
func (a *Archive) Seal(to []*Recipient) ([]byte, error) {
	b, err := a.Marshal()
	if err != nil {
		return nil, fmt.Errorf("encode backup: %w", err)
	}
	again, err := ParseArchive(b)
	if err != nil || !again.Equal(a) {
		return nil, fmt.Errorf("encode backup: it does not read again: %w", err)
	}
	return Encrypt(b, to)
}

// OpenArchive decrypts what Seal made. Its error is ErrOther or ErrDamaged, or says what
// is wrong with what is in it.
func OpenArchive(file []byte, key *Key) (*Archive, error) {
	b, err := Decrypt(file, key, MaxArchive)
	if err != nil {
		return nil, err
	}
	return ParseArchive(b)
}

// Equal reports whether two archives hold the same.
func (a *Archive) Equal(o *Archive) bool {
	return a.Made == o.Made && slices.EqualFunc(a.Files, o.Files, func(x, y File) bool { return x.Name == y.Name && bytes.Equal(x.Content, y.Content) })
}
