package monitor

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	// maxAttached bounds the bundles that go along with a mail, as they are encoded, in
	// bytes, where the server takes no less: most take 10 MB.
	maxAttached = 7 << 20
	maxBundle   = 4 << 20
)

// evidenceAt is the address at which a sink's readers find an alarm's bundle; "" when
// there is no bundle or no address is given.
func (s *Sink) evidenceAt(a *Alarm) string {
	if a.Evidence == "" || s.EvidenceURL == "" {
		return ""
	}
	return strings.TrimRight(s.EvidenceURL, "/") + "/" + url.PathEscape(filepath.Base(a.Evidence))
}

// public is an alarm for people who have nothing of this machine: the bundle by its
// address or its bare name, and no path of here.
func (s *Sink) public(a *Alarm, cfg *Config) *Alarm {
	one := *a
	at := s.evidenceAt(a)
	if a.Evidence != "" {
		one.Evidence = filepath.Base(a.Evidence)
	}
	var pairs []string
	for _, dir := range append([]string{cfg.Evidence, cfg.State}, statesOf(cfg)...) {
		if dir != "" {
			pairs = append(pairs, dir+string(filepath.Separator), "")
		}
	}
	bare := strings.NewReplacer(pairs...)
	one.Text, one.Hint = bare.Replace(a.Text), bare.Replace(a.Hint)
	if at != "" {
		one.EvidenceURL = at
	}
	return &one
}

func statesOf(cfg *Config) (list []string) {
	for _, l := range cfg.Logs {
		list = append(list, l.State)
	}
	return list
}

// A bundleFile is a bundle that goes along with a mail.
type bundleFile struct {
	name    string
	encoded []byte
}

// bundles reads those of some alarms, each once, as far as there is room for them.
func bundles(alarms []*Alarm, room int) (list []bundleFile) {
	have := make(map[string]bool)
	for _, a := range alarms {
		if a.Evidence == "" || have[a.Evidence] {
			continue
		}
		have[a.Evidence] = true
		b, err := readSmall(a.Evidence, maxBundle)
		if err != nil {
			continue // the mail names it, and where it lies
		}
		if f := (bundleFile{filepath.Base(a.Evidence), encodeLines(b)}); len(f.encoded) <= room {
			room -= len(f.encoded)
			list = append(list, f)
		}
	}
	return list
}

// encodeLines writes base64 in lines of 76 (RFC 2045).
func encodeLines(b []byte) []byte {
	const width = 76
	text := base64.StdEncoding.AppendEncode(nil, b)
	var out bytes.Buffer
	for len(text) > 0 {
		n := min(width, len(text))
		out.Write(text[:n])
		out.WriteString("\r\n")
		text = text[n:]
	}
	return out.Bytes()
}

// multipart writes a text and the bundles that go along with it (RFC 2046). The boundary
// is in neither when it begins with =_: base64 has no underscore, and quoted-printable
// leaves no equals sign before one.
func multipart(boundary, textHead string, text []byte, list []bundleFile) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "--%s\r\n%s\r\n%s\r\n", boundary, textHead, text)
	for _, f := range list {
		fmt.Fprintf(&b, "--%s\r\nContent-Type: application/json\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: %s\r\n\r\n%s",
			boundary, mime.FormatMediaType("attachment", map[string]string{"filename": f.name}), f.encoded)
	}
	fmt.Fprintf(&b, "--%s--\r\n", boundary)
	return b.Bytes()
}

// roomFor is how many bytes of bundles a mail server takes beside a text, by what it says
// of its SIZE (RFC 1870), "" where it says none.
func roomFor(size string, text int) int {
	const heads = 8 << 10 // of the mail and its parts
	n, err := strconv.ParseInt(strings.TrimSpace(size), 10, 64)
	if err != nil || n <= 0 {
		return maxAttached
	}
	return int(min(maxAttached, max(0, n-int64(text)-heads)))
}
