package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
)

// search measures what people ask of a large log: how fast its index is built, full text
// included, how long answers take while fifty readers ask once a second, and how fast
// everything is exported.
func (b *bench) search(ctx context.Context) error {
	dir, policy, err := b.writeSearched()
	if err != nil {
		return err
	}
	if err := b.sampleFloor(); err != nil {
		return err
	}
	b.say("builds the index")
	r, err := b.startReads(ctx, dir, policy)
	if err != nil {
		return err
	}
	defer r.kill()
	size := r.ready.Size
	b.set("search_statements", float64(size))
	b.set("index_per_s", float64(size)/r.ready.Seconds)
	b.set("index_mb", residentPeak(r.cmd.Process.Pid))
	b.set("index_words_mb", fileSizes(r.state)/(1<<20))
	if err := b.sampleFloor(); err != nil {
		return err
	}
	if err := b.readers(ctx, r, dir); err != nil {
		return err
	}
	if err := b.exports(ctx, r, dir); err != nil {
		return err
	}
	return b.sampleFloor()
}

// writeSearched makes the log, unless there is one.
func (b *bench) writeSearched() (dir, policy string, err error) {
	if dir = b.searchedLog; dir != "" {
		return dir, dir + "-policy.txt", nil
	}
	n := b.load.searched
	o := generator.SearchOptions(n)
	o.Seed = 1
	b.say("writes a log of %s statements by %d signatories, to be searched", thousands(strconv.Itoa(n)), o.Signatories)
	w := generator.New(o)
	dir = filepath.Join(b.dir, "searched")
	policy = dir + "-policy.txt"
	start := time.Now()
	if err := w.WriteStory(dir, n); err != nil {
		return "", "", fmt.Errorf("write log: %w", err)
	}
	b.say("wrote them in %.0f s", time.Since(start).Seconds())
	if err := os.WriteFile(policy, w.Policy.Marshal(), 0o644); err != nil {
		return "", "", err
	}
	_, err = warm(dir)
	return dir, policy, err
}

// reads is a server of the reading side, in a process of its own: see readserver.
type reads struct {
	cmd   *exec.Cmd
	url   string
	state string
	ready struct {
		Address string
		Size    uint64
		Seconds float64
	}
}

func (b *bench) startReads(ctx context.Context, dir, policy string) (*reads, error) {
	r := &reads{state: filepath.Join(b.dir, "words")}
	if err := os.Mkdir(r.state, 0o755); err != nil {
		return nil, err
	}
	r.cmd = exec.CommandContext(ctx, filepath.Join(b.programs, "readserver"), "--dir", dir, "--policy", policy, "--state", r.state)
	var complaint bytes.Buffer
	r.cmd.Stderr = &complaint
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := r.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start readserver: %w", err)
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &r.ready)
	}
	if err != nil {
		r.kill()
		return nil, fmt.Errorf("readserver: %w: %s", err, bytes.TrimSpace(complaint.Bytes()))
	}
	r.url = "http://" + r.ready.Address
	return r, nil
}

func (r *reads) kill() {
	r.cmd.Process.Kill()
	r.cmd.Wait()
}

// fileSizes adds up the files of a folder, in bytes.
func fileSizes(dir string) (sum float64) {
	files, _ := os.ReadDir(dir)
	for _, f := range files {
		if info, err := f.Info(); err == nil {
			sum += float64(info.Size())
		}
	}
	return sum
}

// readers asks what readers ask: searches, entries, the first page; and between them
// something that needs no data, as the floor.
func (b *bench) readers(ctx context.Context, r *reads, dir string) error {
	dice := rand.New(rand.NewPCG(4, 4))
	requests, err := sampleRequests(ctx, log.DirSource(dir), r.ready.Size, 2000, dice)
	if err != nil {
		return fmt.Errorf("draw queries: %w", err)
	}
	queries, err := makeQueries(requests, b.load.queries, dice)
	if err != nil {
		return fmt.Errorf("draw queries: %w", err)
	}
	short := max(b.load.searching/5, time.Second)
	var floor []float64
	sample := func() error {
		got, err := b.ask(ctx, r, short/2, func(int) query { return query{path: "/healthz"} }, nil)
		floor = append(floor, got...)
		return err
	}
	if err := sample(); err != nil {
		return err
	}
	b.say("%d readers ask %s distinct queries, each once a second", b.load.readers, thousands(strconv.Itoa(len(queries))))
	busy := cpuTime(r.cmd.Process.Pid)
	start := time.Now()
	var asked atomic.Int64
	next := func(int) query { return queries[int(asked.Add(1)-1)%len(queries)] }
	searches, err := b.ask(ctx, r, b.load.searching, next, holdPage(r.ready.Size))
	if err != nil {
		return fmt.Errorf("search: %w", err)
	}
	b.set("search_cores", (cpuTime(r.cmd.Process.Pid)-busy).Seconds()/time.Since(start).Seconds())
	b.set("search_queries", float64(min(int(asked.Load()), len(queries))))
	b.set("search_p50_ms", quantile(searches, 0.5))
	b.set("search_p99_ms", quantile(searches, 0.99))
	if err := sample(); err != nil {
		return err
	}

	b.say("they ask for entries, and for the first page")
	var mu sync.Mutex
	anyEntry := func(int) query {
		mu.Lock()
		defer mu.Unlock()
		return query{path: "/api/v1/entries/" + strconv.FormatUint(dice.Uint64N(r.ready.Size), 10)}
	}
	entries, err := b.ask(ctx, r, short, anyEntry, nil)
	if err != nil {
		return fmt.Errorf("entries: %w", err)
	}
	b.set("entry_p50_ms", quantile(entries, 0.5))
	b.set("entry_p99_ms", quantile(entries, 0.99))
	if err := sample(); err != nil {
		return err
	}
	home, err := b.ask(ctx, r, short, func(int) query { return query{path: "/"} }, nil)
	if err != nil {
		return fmt.Errorf("first page: %w", err)
	}
	b.set("home_p50_ms", quantile(home, 0.5))
	b.set("home_p99_ms", quantile(home, 0.99))
	if err := sample(); err != nil {
		return err
	}
	b.set("http_p50_ms", quantile(floor, 0.5))
	b.set("http_p99_ms", quantile(floor, 0.99))
	return nil
}

// ask has the readers ask once a second each, for a while, at times of their own within
// the second. It returns how long each answer took, ms, from when it was to be asked for:
// who had to wait for the answer before is late.
func (b *bench) ask(ctx context.Context, r *reads, d time.Duration, next func(reader int) query, hold func(query, []byte) error) ([]float64, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	transport := &http.Transport{MaxIdleConnsPerHost: b.load.readers, DisableCompression: true}
	defer transport.CloseIdleConnections()
	took := make([][]float64, b.load.readers)
	var wg sync.WaitGroup
	begin := time.Now()
	for i := range b.load.readers {
		wg.Go(func() {
			due := begin.Add(time.Duration(i) * time.Second / time.Duration(b.load.readers))
			for ; due.Before(begin.Add(d)) && ctx.Err() == nil; due = due.Add(time.Second) {
				time.Sleep(time.Until(due))
				q := next(i)
				body, err := fetch(ctx, transport, r.url+q.path)
				took[i] = append(took[i], milliseconds(time.Since(due)))
				if err == nil && hold != nil {
					err = hold(q, body)
				}
				if err != nil {
					cancel(fmt.Errorf("%s: %w", q.path, err))
				}
			}
		})
	}
	wg.Wait()
	var all []float64
	for _, list := range took {
		all = append(all, list...)
	}
	return all, context.Cause(ctx)
}

// fetch gets one answer whole.
func fetch(ctx context.Context, transport *http.Transport, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Cache-Control", "no-cache")
	answer, err := transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", answer.Status, body[:min(len(body), 300)])
	}
	return body, err
}

// holdPage wants a page of the whole log that has what is known to be there, and counts.
func holdPage(size uint64) func(query, []byte) error {
	return func(q query, body []byte) error {
		var page struct {
			Size, Total uint64
			Entries     []struct{ Index uint64 }
			Facets      map[string][]client.FacetCount
		}
		if err := json.Unmarshal(body, &page); err != nil {
			return err
		}
		switch {
		case page.Size != size:
			return fmt.Errorf("it is of %d entries, not of %d", page.Size, size)
		case len(page.Entries) != int(min(page.Total, 25)):
			return fmt.Errorf("it has %d entries of %d", len(page.Entries), page.Total)
		case q.finds && page.Total == 0:
			return errors.New("it finds nothing, and a statement in the log has what is asked for")
		case page.Total > 0 && len(page.Facets) < 10:
			return fmt.Errorf("it counts %d facets", len(page.Facets))
		}
		return nil
	}
}

// exports measures both forms of everything, and what reading and hashing the same files
// takes.
func (b *bench) exports(ctx context.Context, r *reads, dir string) error {
	b.say("exports everything")
	rows := float64(r.ready.Size)
	for range b.load.audits {
		start := time.Now()
		if err := readAll(ctx, dir, r.ready.Size); err != nil {
			return fmt.Errorf("read the log: %w", err)
		}
		b.floor.read = append(b.floor.read, rows/time.Since(start).Seconds())
		for _, form := range []string{"csv", "jsonl"} {
			more, took, err := r.export(ctx, form)
			if err != nil {
				return fmt.Errorf("export.%s: %w", form, err)
			}
			b.exported[form] = append(b.exported[form], rows/took.Seconds())
			b.exportMB = max(b.exportMB, more)
		}
	}
	b.set("floor_read_per_s", median(b.floor.read))
	b.set("export_csv_per_s", median(b.exported["csv"]))
	b.set("export_jsonl_per_s", median(b.exported["jsonl"]))
	b.set("export_mb", b.exportMB)
	return nil
}

// export reads an export to its end. It returns by how much the server's memory grew
// meanwhile, MiB.
func (r *reads) export(ctx context.Context, form string) (moreMiB float64, took time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url+"/api/v1/export."+form, nil)
	if err != nil {
		return 0, 0, err
	}
	before := resident(r.cmd.Process.Pid)
	stop, grown := make(chan struct{}), make(chan float64)
	go func() {
		most := 0.0
		for tick := time.NewTicker(20 * time.Millisecond); ; {
			select {
			case <-tick.C:
				most = max(most, resident(r.cmd.Process.Pid)-before)
			case <-stop:
				tick.Stop()
				grown <- most
				return
			}
		}
	}()
	defer func() {
		close(stop)
		moreMiB = <-grown
	}()
	start := time.Now()
	answer, err := new(http.Transport).RoundTrip(req)
	if err != nil {
		return 0, 0, err
	}
	defer answer.Body.Close()
	lines := uint64(0)
	buf := make([]byte, 256<<10)
	for {
		n, err := answer.Body.Read(buf)
		lines += uint64(bytes.Count(buf[:n], []byte("\n")))
		if err == io.EOF {
			break
		}
		if err != nil {
			return 0, 0, err
		}
	}
	took = time.Since(start)
	if lines < r.ready.Size || answer.StatusCode != http.StatusOK {
		return 0, 0, fmt.Errorf("%s, and %d lines", answer.Status, lines)
	}
	return 0, took, nil
}

// readAll reads the leaves and the texts of a log from its bundles and hashes them, on all
// processors: what an export can't do without.
func readAll(ctx context.Context, dir string, size uint64) error {
	source := log.DirSource(dir)
	tiles := log.NewTileReader(source)
	var next atomic.Uint64
	errs := make([]error, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			for errs[i] == nil {
				first := (next.Add(1) - 1) * log.TileWidth
				if first >= size {
					return
				}
				errs[i] = readBundle(ctx, source, tiles, first, size)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func readBundle(ctx context.Context, source log.Source, tiles *log.TileReader, first, size uint64) error {
	end := min(first+log.TileWidth, size)
	it := tiles.Leaves(ctx, first, end, size)
	for _, leaves := range it.All() {
		for _, leaf := range leaves {
			log.LeafHash(leaf)
		}
	}
	if err := it.Err(); err != nil || end < first+log.TileWidth {
		return err
	}
	texts, err := source.Get(ctx, log.BodiesBundlePath(first/log.TileWidth), 64<<20)
	if err != nil {
		return err
	}
	for line := range bytes.Lines(texts) {
		entry.Digest(bytes.TrimSuffix(line, []byte("\n")))
	}
	return nil
}
