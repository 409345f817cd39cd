package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/api"
	"github.com/pledgelog/pledgelog/daemon"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/intake"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/embedded"
	"github.com/pledgelog/pledgelog/store/sqlite"
)

// clientsOf is set in the process that plays the clients of BenchmarkServer.
const clientsOf = "BENCHMARK_CLIENTS_OF"

func TestMain(m *testing.M) {
	if parameters := os.Getenv(clientsOf); parameters != "" {
		if err := playClients(parameters); err != nil {
			fmt.Fprintln(os.Stderr, "error:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// profiled is what BenchmarkServer takes.
var profiled = load{clients: 2048, each: 10}

// playClients submits what the parent's server is to take.
func playClients(parameters string) error {
	var url, vkey string
	var now int64
	if _, err := fmt.Sscan(parameters, &url, &vkey, &now); err != nil {
		return err
	}
	key, err := log.ParseKey(vkey)
	if err != nil {
		return err
	}
	a, err := newAccord(profiled, key, time.Unix(now, 0))
	if err != nil {
		return err
	}
	if err := a.admit(context.Background(), url); err != nil {
		return err
	}
	r, err := submit(context.Background(), a, a.statements[:profiled.clients], url)
	if err != nil {
		return err
	}
	fmt.Printf("%.0f %.1f %.1f\n", float64(len(r.latencies))/r.took.Seconds(), quantile(r.latencies, 0.5), quantile(r.latencies, 0.99))
	return nil
}

// BenchmarkServer takes the statements of 2,048 clients in one process, so that
// a profile shows what the server does and nothing else; the clients are another
// process:
//
//	go test ./scripts/benchmark -run '^$' -bench Server -benchtime 1x -cpuprofile cpu.out
func BenchmarkServer(b *testing.B) {
	for range b.N {
		url, key, now := serveInProcess(b)
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %s %d", clientsOf, url, key, now.Unix()))
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			b.Fatalf("clients: %v", err)
		}
		var rate, p50, p99 float64
		if _, err := fmt.Sscan(string(out), &rate, &p50, &p99); err != nil {
			b.Fatalf("clients said %q: %v", out, err)
		}
		b.ReportMetric(rate, "submit_per_s")
		b.ReportMetric(p50, "p50_ms")
		b.ReportMetric(p99, "p99_ms")
	}
}

// serveInProcess is what `pledgelog serve` runs, with a charter.
func serveInProcess(b *testing.B) (url string, key log.Key, now time.Time) {
	b.Helper()
	ctx := b.Context()
	check := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	w := generator.New(generator.Options{Origin: origin, Seed: 1})
	dir := b.TempDir()
	logFile, err := os.Create(filepath.Join(dir, "serve.log"))
	check(err)
	logger := slog.New(slog.NewJSONHandler(logFile, nil))
	st, err := sqlite.Create(ctx, filepath.Join(dir, "store.db"))
	check(err)
	engineConfig := embedded.Config{Dir: filepath.Join(dir, "log"), Signer: w.Signer, Interval: embedded.MinInterval, Logger: logger}
	check(embedded.Create(ctx, engineConfig))
	engine, err := embedded.Open(ctx, engineConfig)
	check(err)
	policy, err := log.ParsePolicy(w.Policy.Marshal())
	check(err)
	in, err := intake.Open(ctx, intake.Config{Origin: origin, Policy: policy, Store: st, Log: engine, Dir: engineConfig.Dir, Clock: time.Now, Logger: logger})
	check(err)
	key, now = w.Signer.Key(), time.Unix(time.Now().Unix(), 0)
	a, err := newAccord(profiled, key, now)
	check(err)
	_, err = in.Submit(ctx, a.charter)
	check(err)
	idx, err := index.Open(ctx, index.Config{Origin: origin, Source: engine.Source(), Policy: policy, Logger: logger})
	check(err)
	following, stopFollowing := context.WithCancel(context.Background())
	followed := make(chan struct{})
	go func() {
		defer close(followed)
		idx.Follow(following, time.Second)
	}()
	cfg := api.Config{Origin: origin, Policy: policy, Source: engine.Source(), Files: os.DirFS(engineConfig.Dir), Intake: in, Index: idx, Logger: logger}
	server := api.NewServer(api.New(cfg), cfg.Limits, logger)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	go server.Serve(daemon.LimitConns(l, 8192))
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		server.Close()
		stopFollowing()
		<-followed
		check(in.Close(ctx))
		check(engine.Close(ctx))
		check(st.Close())
		check(logFile.Close())
	})
	return "http://" + l.Addr().String(), key, now
}
