package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// format names the JSON form. Members may be added under the same name; none
// changes its meaning or goes away.
const format = "pledgelog.bench.v1"

// catalogue lists every figure in the order of the table. A part sets all of its
// own, and nothing that is not here.
var catalogue = []struct{ name, part, what string }{
	{"floor_verify_per_s", "", "raw crypto/ed25519.Verify of what statements sign, on all processors"},
	{"floor_hash_per_s", "", "raw RFC 6962 hashing of leaves, on all processors"},
	{"fsync_ms", "submit", "raw fsync of an appended page, same disk; read the submit figures by it"},
	{"submit_per_s", "submit", "single submissions over HTTP until published, fsync on, each receipt verified by its client"},
	{"submit_p50_ms", "submit", "from sending a statement to its verified receipt, median"},
	{"submit_p99_ms", "submit", "the same, 99th percentile"},
	{"submit_alone_ms", "submit", "the same with one client and no other, median"},
	{"submit_clients", "submit", "clients at the same time, each another author"},
	{"submit_statements", "submit", "statements in all: requests and decisions, signed before the clock starts"},
	{"submit_server_cores", "submit", "processors that the server kept busy"},
	{"submit_client_cores", "submit", "processors that the clients kept busy: they share them with the server"},
	{"submit_idle_cores", "submit", "processors that stood idle; what is missing went to whatever else runs here"},
	{"submit_setup_per_s", "submit", "admissions and pledges of the authors, as NDJSON, before the clock"},
	{"audit_per_s", "audit", "statements audited by bin/pledge-verify, start to end, warm directory"},
	{"audit_cores", "audit", "processors that the audit kept busy"},
	{"audit_peak_mb", "audit", "memory that the audit had resident at most, MiB"},
	{"audit_served_per_s", "audit", "the same with --as-served, which reads what an audit over HTTP asks for"},
	{"audit_served_signatures_per_s", "audit", "signatures on statements that this one verifies, with all else that an audit does"},
	{"audit_bytes_each", "audit", "what each statement more adds to that memory, bytes: by a log of a fifth of the size"},
	{"audit_statements", "audit", "statements in the audited log"},
	{"audit_signatures", "audit", "signatures on them"},
	{"root_per_s", "audit", "leaves read and hashed to the signed root, same directory, package log"},
	{"fsck_per_s", "audit", "the same by tessera's fsck, which checks tiles too and no statement"},
	{"search_statements", "search", "statements in the searched log"},
	{"index_per_s", "search", "statements of it read, judged and indexed, with their full text"},
	{"index_mb", "search", "memory that the server had resident at most until then, MiB"},
	{"index_words_mb", "search", "the full text on disk, MiB"},
	{"http_p50_ms", "search", "an answer that needs no data, from the same server, as often: the floor of the next ones"},
	{"http_p99_ms", "search", "the same, 99th percentile"},
	{"search_queries", "search", "distinct queries that were asked, each with the counts of all facets"},
	{"search_p50_ms", "search", "a search, as readers ask one a second each, median"},
	{"search_p99_ms", "search", "the same, 99th percentile"},
	{"search_cores", "search", "processors that the server kept busy with them"},
	{"entry_p50_ms", "search", "one entry, asked for by as many readers, median"},
	{"entry_p99_ms", "search", "the same, 99th percentile"},
	{"home_p50_ms", "search", "the first page, with all its data, median"},
	{"home_p99_ms", "search", "the same, 99th percentile"},
	{"floor_read_per_s", "search", "leaves of it read and hashed with their texts, on all processors"},
	{"export_csv_per_s", "search", "rows of everything as a table, over HTTP; server and client share the processors"},
	{"export_jsonl_per_s", "search", "the same as lines of JSON"},
	{"export_mb", "search", "by how much the server's memory grew meanwhile, MiB"},
}

func (b *bench) set(name string, value float64) {
	for _, f := range catalogue {
		if f.name == name {
			b.figures[name] = value
			return
		}
	}
	panic("no figure " + name)
}

// writeTable prints the figures that were measured, the ratios, and what is
// asked of them.
func (b *bench) writeTable(w io.Writer, judged []judgement) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range catalogue {
		if v, ok := b.figures[f.name]; ok {
			fmt.Fprintf(t, "%s\t%s\t%s\n", f.name, number(v), f.what)
		}
	}
	fmt.Fprintln(t)
	for _, j := range judged {
		if j.measured {
			fmt.Fprintf(t, "%s\t%s\t%s\n", j.name(), number(j.ratio), j)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s\n", b.circumstances())
	return err
}

// circumstances says by what the figures are to be read.
func (b *bench) circumstances() string {
	s := fmt.Sprintf("On %d processors (%s/%s, %s).", runtime.GOMAXPROCS(0), runtime.GOOS, runtime.GOARCH, runtime.Version())
	if _, ok := b.figures["search_p99_ms"]; ok {
		s += " Readers and server shared them."
	}
	if _, ok := b.figures["submit_per_s"]; ok {
		s += " Clients and server shared them: a server with its own would do more."
	}
	if b.load.quick {
		s += " A quick run: rougher."
	}
	return s
}

// writeJSON writes the figures as one object: each figure and ratio by its name,
// a number, beside what the run was.
func (b *bench) writeJSON(file string, judged []judgement) error {
	out := map[string]any{
		"format": format, "quick": b.load.quick, "processors": runtime.GOMAXPROCS(0),
		"platform": runtime.GOOS + "/" + runtime.GOARCH, "go": runtime.Version(), "note": b.circumstances(),
	}
	for name, v := range b.figures {
		out[name] = v
	}
	for _, j := range judged {
		if j.measured {
			out[j.name()] = j.ratio
		}
	}
	text, err := json.Marshal(out, json.Deterministic(true), jsontext.Multiline(true))
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}

// number writes a figure with as many digits as it deserves.
func number(v float64) string {
	switch {
	case v >= 1000:
		return thousands(strconv.FormatFloat(v, 'f', 0, 64))
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case v >= 1:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'f', 3, 64)
}

func thousands(digits string) string {
	var b strings.Builder
	for i, ch := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(ch)
	}
	return b.String()
}
