package api

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/mux"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/intake"
	"github.com/pledgelog/pledgelog/log"
)

// How long answers may be kept (protocol section 8, c2sp.org/tlog-tiles).
const (
	cacheForever = "public, max-age=31536000, immutable" // tiles and bundles never change
	cacheSeconds = "public, max-age=1"                   // the checkpoint, the archive
	cacheMinute  = "public, max-age=60"                  // bodies, which may be erased
)

const typeText = "text/plain; charset=utf-8"

// open lets pages of other sites read the log itself, to check it there.
func open(w http.ResponseWriter) { w.Header().Set("Access-Control-Allow-Origin", "*") }

// checkpoint answers with the newest published checkpoint.
func (a *API) checkpoint(w http.ResponseWriter, r *http.Request) {
	open(w)
	a.file(w, r, log.CheckpointPath, log.MaxCheckpointFile, typeText, cacheSeconds, false)
}

// tile answers with a tile of hashes or a bundle of entries.
func (a *API) tile(w http.ResponseWriter, r *http.Request) {
	open(w)
	t, err := log.ParseTilePath("tile/" + mux.Vars(r)["path"])
	if err != nil {
		a.fail(w, r, refuse(http.StatusNotFound, codeFileUnknown, "the address is not that of a tile"))
		return
	}
	limit, bundle := int64(log.MaxTileFile), t.Level == log.EntriesLevel
	if bundle {
		limit = log.MaxBundleFile
	}
	b, held, err := a.small(r, t.Path(), limit)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	defer a.answers.give(held)
	// Whoever gets it may keep it for ever: what a write that broke off has left behind,
	// or a file system, is no tile.
	if len(b) == 0 || !bundle && len(b) != t.Width*len(log.Hash{}) {
		a.fail(w, r, fmt.Errorf("tile %s has %d bytes on the disk", t.Path(), len(b)))
		return
	}
	a.content(w, r, b, "application/octet-stream", cacheForever, bundle)
}

// body answers with one text: a detached body or a disclosure. One that was erased
// is not shown, whatever stands in the folder, and neither is one whose statement is
// not published yet.
func (a *API) body(w http.ResponseWriter, r *http.Request) {
	open(w)
	digest := mux.Vars(r)["digest"]
	if !entry.IsDigest(digest) {
		a.fail(w, r, refuse(http.StatusNotFound, codeFileUnknown, "the address is not that of a body"))
		return
	}
	if e, ok := a.cfg.Intake.Erased(digest); ok {
		p := refuse(http.StatusGone, intake.CodeTextErased, fmt.Sprintf("the operator erased this text and says so in entry %d", e.Index))
		p.Erasure = &client.EntryRef{Index: e.Index, ID: e.Entry}
		a.fail(w, r, p)
		return
	}
	if a.cfg.Intake.IsWaiting(digest) {
		a.fail(w, r, log.ErrNotFound)
		return
	}
	b, held, err := a.small(r, log.BodyPath(digest), max(entry.MaxBody, entry.MaxDisclosure))
	if err != nil {
		a.fail(w, r, err)
		return
	}
	defer a.answers.give(held)
	// A body is a JSON object; a disclosure is base64url, which has no brace.
	contentType := typeText
	if bytes.HasPrefix(b, []byte("{")) {
		contentType = client.TypeJSON
	}
	a.content(w, r, b, contentType, cacheMinute, false)
}

// file answers with a file of the log that is small enough to hold.
func (a *API) file(w http.ResponseWriter, r *http.Request, path string, limit int64, contentType, cache string, compress bool) {
	b, held, err := a.small(r, path, limit)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	defer a.answers.give(held)
	a.content(w, r, b, contentType, cache, compress)
}

// small reads a file of the log. What it holds is to be given back to a.answers.
func (a *API) small(r *http.Request, path string, limit int64) (b []byte, held int64, err error) {
	if b, err = a.cfg.Source.Get(r.Context(), path, limit); err != nil {
		return nil, 0, err
	}
	if held = int64(len(b)); !a.answers.take(held) {
		return nil, 0, refuse(http.StatusServiceUnavailable, codeBusy, "the server is sending as much as it can")
	}
	return b, held, nil
}

// content answers with bytes, or says that the client has them.
func (a *API) content(w http.ResponseWriter, r *http.Request, b []byte, contentType, cache string, compress bool) {
	sum := sha256.Sum256(b)
	tag := hex.EncodeToString(sum[:16])
	h := w.Header()
	if compress {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Get("Accept-Encoding")) {
			tag += "-gzip"
			h.Set("Content-Encoding", "gzip")
		} else {
			compress = false
		}
	}
	h.Set("ETag", `"`+tag+`"`)
	h.Set("Cache-Control", cache)
	if matches(r.Header.Get("If-None-Match"), tag) {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", contentType)
	if compress {
		b = zip(b)
	}
	write(w, r, http.StatusOK, b)
}

var zippers = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	return z
}}

func zip(b []byte) []byte {
	z := zippers.Get().(*gzip.Writer)
	defer zippers.Put(z)
	buf := bytes.NewBuffer(make([]byte, 0, len(b)/2+1024))
	z.Reset(buf)
	z.Write(b) // a buffer takes everything
	z.Close()
	return buf.Bytes()
}

// acceptsGzip reads an Accept-Encoding header.
func acceptsGzip(v string) bool {
	for item := range strings.SplitSeq(v, ",") {
		coding, params, _ := strings.Cut(strings.TrimSpace(item), ";")
		if c := strings.ToLower(strings.TrimSpace(coding)); c != "gzip" && c != "x-gzip" {
			continue
		}
		q, ok := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
		if !ok {
			return true
		}
		f, err := strconv.ParseFloat(q, 64)
		return err == nil && f > 0
	}
	return false
}

// matches reads an If-None-Match header.
func matches(v, tag string) bool {
	for item := range strings.SplitSeq(v, ",") {
		item = strings.TrimSpace(item)
		if item == "*" || strings.TrimPrefix(item, "W/") == `"`+tag+`"` {
			return true
		}
	}
	return false
}

// bodyBundle answers with the texts that 256 entries published.
func (a *API) bodyBundle(w http.ResponseWriter, r *http.Request) {
	open(w)
	// N is written as in the paths of full tiles.
	t, err := log.ParseTilePath("tile/entries/" + mux.Vars(r)["path"])
	if err != nil || t.Width != log.TileWidth {
		a.fail(w, r, refuse(http.StatusNotFound, codeFileUnknown, "the address is not that of a bundle of bodies"))
		return
	}
	if a.cfg.Intake.IsErasing() {
		a.fail(w, r, refuse(http.StatusServiceUnavailable, codeBusy, "the bundle is being written anew without a text that was erased"))
		return
	}
	a.stream(w, r, log.BodiesBundlePath(t.Index), "application/x-ndjson", cacheMinute)
}

// archive answers with the archive of published checkpoints.
func (a *API) archive(w http.ResponseWriter, r *http.Request) {
	open(w)
	a.stream(w, r, log.ArchivePath, typeText, cacheSeconds)
}

// stream answers with a file of the log that may be large, or with a range of
// it.
func (a *API) stream(w http.ResponseWriter, r *http.Request, path, contentType, cache string) {
	f, err := a.cfg.Files.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = log.ErrNotFound
	}
	if err != nil {
		a.fail(w, r, fmt.Errorf("open %s: %w", path, err))
		return
	}
	defer f.Close()
	info, err := f.Stat()
	content, ok := f.(io.ReadSeeker)
	if err != nil || !ok || !info.Mode().IsRegular() {
		a.fail(w, r, fmt.Errorf("open %s: not a regular file: %w", path, errors.Join(err, log.ErrNotFound)))
		return
	}
	// A large file takes its time to be read: as much as a slow line needs.
	slow := time.Duration(info.Size()/a.limits.Slowest) * time.Second
	http.NewResponseController(w).SetWriteDeadline(time.Now().Add(a.limits.WriteTime + slow))
	h := w.Header()
	h.Set("ETag", fmt.Sprintf(`"%x-%x"`, info.Size(), info.ModTime().UnixNano()))
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", cache)
	h.Set("X-Content-Type-Options", "nosniff")
	to := &ranged{ResponseWriter: w, refuse: func() {
		a.fail(w, r, refuse(http.StatusRequestedRangeNotSatisfiable, codeRange, "what is asked for is no range of bytes, or the file does not have it"))
	}}
	http.ServeContent(to, r, "", info.ModTime(), content)
}

// ranged answers with a problem where net/http refuses a range in words of its own.
type ranged struct {
	http.ResponseWriter
	refuse  func()
	refused bool
}

func (w *ranged) WriteHeader(status int) {
	if w.refused = status == http.StatusRequestedRangeNotSatisfiable; w.refused {
		w.refuse()
		return
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *ranged) Write(b []byte) (int, error) {
	if w.refused {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}

// ReadFrom lets files go from disk to socket without a copy.
func (w *ranged) ReadFrom(r io.Reader) (int64, error) { return io.Copy(w.ResponseWriter, r) }
