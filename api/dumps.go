package api

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/gorilla/mux"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/index"
)

// DumpFolder is where daily dumps are in the log's directory: a folder for each day, with
// these files.
const (
	DumpFolder     = "dump"
	DumpTable      = "export.csv.gz"
	DumpLines      = "export.jsonl.gz"
	DumpCodebook   = "codebook.csv"
	DumpCheckpoint = "checkpoint"
	DumpPackage    = "datapackage.json"
	DumpSums       = "SHA256SUMS"
)

// dumpTypes are the files of a dump.
var dumpTypes = map[string]string{
	DumpTable: "application/gzip", DumpLines: "application/gzip", DumpCodebook: typeCSV, DumpCheckpoint: typeText,
	DumpPackage: client.TypeJSON, DumpSums: typeText,
}

// IsDumpDay reports whether s is the name of a dump's folder: a day, YYYY-MM-DD.
func IsDumpDay(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// errDumpErased says that a dump may hold what was erased since.
var errDumpErased = errors.New("the dump is from before an erasure")

// readDump returns what the dump of a day is of. One that is from before an erasure is
// about to be removed, and matches errDumpErased.
func (a *API) readDump(s *index.Snapshot, day string) (*client.DataPackage, error) {
	b, err := fs.ReadFile(a.cfg.Files, DumpFolder+"/"+day+"/"+DumpPackage)
	if err != nil {
		return nil, err
	}
	var p client.DataPackage
	if err := json.Unmarshal(b, &p); err != nil {
		return nil, fmt.Errorf("read dump of %s: %w", day, err)
	}
	if p.Erasures == nil || *p.Erasures < s.Count(entry.KindErasure) {
		return nil, errDumpErased
	}
	return &p, nil
}

// dumps lists the daily dumps.
func (a *API) dumps(w http.ResponseWriter, r *http.Request) {
	if _, err := parameters(r); err != nil {
		a.fail(w, r, err)
		return
	}
	s := a.snapshot(r.Context())
	out := client.DumpList{Size: s.View().Size, AsOf: client.Time(s.View().AsOf), SimulatedTime: a.simulated(), Dumps: []client.Dump{}}
	all, err := fs.ReadDir(a.cfg.Files, DumpFolder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		a.fail(w, r, fmt.Errorf("list dumps: %w", err))
		return
	}
	for _, e := range slices.Backward(all) {
		if !IsDumpDay(e.Name()) {
			continue
		}
		p, err := a.readDump(s, e.Name())
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errDumpErased) {
			continue // being removed
		}
		if err != nil {
			a.fail(w, r, err)
			return
		}
		d := client.Dump{Day: e.Name(), TreeSize: p.TreeSize, Files: []client.DumpFile{}}
		for _, name := range []string{DumpTable, DumpLines, DumpPackage, DumpCodebook, DumpCheckpoint, DumpSums} {
			path := DumpFolder + "/" + e.Name() + "/" + name
			if info, err := fs.Stat(a.cfg.Files, path); err == nil {
				d.Files = append(d.Files, client.DumpFile{Name: name, Path: "/" + path, Bytes: info.Size()})
			}
		}
		out.Dumps = append(out.Dumps, d)
	}
	a.writeJSON(w, r, out)
}

// dump answers with a file of a daily dump.
func (a *API) dump(w http.ResponseWriter, r *http.Request) {
	open(w)
	day, name := mux.Vars(r)["day"], mux.Vars(r)["file"]
	contentType, ok := dumpTypes[name]
	if !ok || !IsDumpDay(day) {
		a.fail(w, r, refuse(http.StatusNotFound, codeFileUnknown, "the address is not that of a file of a dump"))
		return
	}
	switch _, err := a.readDump(a.snapshot(r.Context()), day); {
	case errors.Is(err, fs.ErrNotExist):
		a.fail(w, r, refuse(http.StatusNotFound, codeFileUnknown, "there is no dump of that day"))
	case errors.Is(err, errDumpErased):
		a.fail(w, r, refuse(http.StatusServiceUnavailable, codeBusy, "the dump is being removed, or made anew without a text that was erased"))
	case err != nil:
		a.fail(w, r, err)
	default:
		a.stream(w, r, DumpFolder+"/"+day+"/"+name, contentType, cacheMinute)
	}
}
