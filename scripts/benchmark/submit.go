package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
)

// origin is the name of the log that statements are submitted to.
const origin = generator.DefaultOrigin

// submit measures how statements come in: clients that each have one statement
// under way, over HTTP, to a server in a process of its own.
func (b *bench) submit(ctx context.Context) error {
	for _, sample := range []func() error{b.sampleFloor, b.sampleFsync} {
		if err := sample(); err != nil {
			return err
		}
	}
	s, err := b.newServer(ctx)
	if err != nil {
		return err
	}
	b.say("signs %s statements by %s authors", thousands(fmt.Sprint(b.load.clients*b.load.each)), thousands(fmt.Sprint(b.load.clients)))
	a, err := newAccord(b.load, s.key, time.Now())
	if err != nil {
		return fmt.Errorf("sign statements: %w", err)
	}
	if err := s.start(ctx, a.charter); err != nil {
		return err
	}
	defer s.kill()
	b.say("admits the authors")
	start := time.Now()
	if err := a.admit(ctx, s.url); err != nil {
		return fmt.Errorf("admit authors: %w", err)
	}
	b.set("submit_setup_per_s", float64(len(a.admissions)+len(a.pledges))/time.Since(start).Seconds())
	b.say("submits")
	alone, err := submit(ctx, a, a.statements[b.load.clients:], s.url)
	if err != nil {
		return err
	}
	ours, theirs, idle := cpuTime(os.Getpid()), cpuTime(s.pid()), idleTime()
	r, err := submit(ctx, a, a.statements[:b.load.clients], s.url)
	if err != nil {
		return err
	}
	ours, theirs, idle = cpuTime(os.Getpid())-ours, cpuTime(s.pid())-theirs, idleTime()-idle
	if err := s.stop(); err != nil {
		return err
	}
	b.set("submit_clients", float64(b.load.clients))
	b.set("submit_statements", float64(len(r.latencies)))
	b.set("submit_per_s", float64(len(r.latencies))/r.took.Seconds())
	b.set("submit_p50_ms", quantile(r.latencies, 0.5))
	b.set("submit_p99_ms", quantile(r.latencies, 0.99))
	b.set("submit_alone_ms", quantile(alone.latencies, 0.5))
	b.set("submit_client_cores", ours.Seconds()/r.took.Seconds())
	b.set("submit_server_cores", theirs.Seconds()/r.took.Seconds())
	b.set("submit_idle_cores", idle.Seconds()/r.took.Seconds())
	return b.sampleFloor()
}

// An accord is who submits, and what: all of it signed.
type accord struct {
	policy              *log.Policy
	charter             *entry.Submission
	admissions, pledges []*entry.Submission
	statements          [][]*entry.Submission // of each author, in order
}

// newAccord makes an accord for a log with that checkpoint key: as many authors
// as there are clients, and one for when nobody else submits. Each has requests
// and decisions, in turn.
func newAccord(l load, key log.Key, now time.Time) (*accord, error) {
	a := new(accord)
	var err error
	if a.policy, err = log.ParsePolicy([]byte("log " + key.String() + "\nquorum none\n")); err != nil {
		return nil, err
	}
	w := generator.New(generator.Options{Origin: origin, Seed: 2, Signatories: l.clients + 1, Start: now})
	say := func(st *generator.Statement) (*entry.Submission, *generator.Filed) {
		filed := w.Log(st)
		w.Logged = nil // the server's log is the one that counts
		return st.Submission(), filed
	}
	founding := w.Found()
	founding.Statement.Body.(*entry.Charter).LogKeys = []string{key.String()}
	a.charter, _ = say(founding)
	for _, author := range w.Signatories {
		sub, _ := say(w.Admit(author))
		a.admissions = append(a.admissions, sub)
	}
	month := now.UTC().Format("2006-01")
	for i, author := range w.Signatories {
		sub, _ := say(w.Pledge(author))
		a.pledges = append(a.pledges, sub)
		each := l.each
		if i == l.clients {
			each = l.alone
		}
		var theirs []*entry.Submission
		var asked *generator.Filed
		for len(theirs) < each {
			var st *generator.Statement
			if asked == nil {
				st = w.Request(author, month, nil)
			} else {
				st = w.Decision(asked, "refused", nil)
			}
			sub, asked = say(st)
			theirs = append(theirs, sub)
		}
		a.statements = append(a.statements, theirs)
	}
	return a, nil
}

// admit has the authors admitted and pledged.
func (a *accord) admit(ctx context.Context, url string) error {
	c, err := client.New(url, client.Options{Attempts: 1})
	if err != nil {
		return err
	}
	for _, subs := range [][]*entry.Submission{a.admissions, a.pledges} {
		if err := c.SubmitAll(ctx, subs, func(i int, r *client.Reply, err error) error {
			if err != nil {
				return err
			}
			return a.verify(subs[i], r)
		}); err != nil {
			return err
		}
	}
	return nil
}

// submitted is what the clients saw.
type submitted struct {
	took      time.Duration // from the first statement sent to the last receipt verified
	latencies []float64     // ms, of each statement
}

// submit lets authors submit their statements, all authors at the same time, each
// one after the other on a connection of its own. The first failure ends it: a
// figure counts only if every statement was logged and its receipt holds.
func submit(ctx context.Context, a *accord, statements [][]*entry.Submission, url string) (*submitted, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var ready, done sync.WaitGroup
	begin := make(chan struct{})
	latencies := make([][]float64, len(statements))
	for i, subs := range statements {
		ready.Add(1)
		done.Go(func() {
			c, err := connect(ctx, url)
			ready.Done()
			if err != nil {
				cancel(fmt.Errorf("connect: %w", err))
				return
			}
			defer c.close()
			<-begin
			for _, sub := range subs {
				start := time.Now()
				r, err := c.Submit(ctx, sub)
				if err == nil {
					err = a.verify(sub, r)
				}
				if err != nil {
					cancel(fmt.Errorf("submit statement %d of %s: %w", sub.Statement.Seq, sub.Statement.Author, err))
					return
				}
				latencies[i] = append(latencies[i], milliseconds(time.Since(start)))
			}
		})
	}
	ready.Wait()
	start := time.Now()
	close(begin)
	done.Wait()
	r := &submitted{took: time.Since(start)}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	for _, l := range latencies {
		r.latencies = append(r.latencies, l...)
	}
	return r, nil
}

// A connection is a client with its own connection, which is open.
type connection struct {
	*client.Client
	transport *http.Transport
}

func connect(ctx context.Context, url string) (*connection, error) {
	transport := &http.Transport{MaxConnsPerHost: 1, MaxIdleConnsPerHost: 1}
	c, err := client.New(url, client.Options{Transport: transport, Attempts: 1})
	if err != nil {
		return nil, err
	}
	if err := get(ctx, transport, url+"/healthz"); err != nil {
		return nil, err
	}
	return &connection{c, transport}, nil
}

func (c *connection) close() { c.transport.CloseIdleConnections() }

// get wants an address to answer with 200.
func get(ctx context.Context, transport http.RoundTripper, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: status %d", url, resp.StatusCode)
	}
	return nil
}

// verify believes nothing of a reply: the leaf holds the statement that was sent,
// and the proof puts it under a checkpoint that satisfies the policy.
func (a *accord) verify(sub *entry.Submission, r *client.Reply) error {
	if r.Pending() {
		return errors.New("it is not published yet")
	}
	proof, err := log.ParseProof([]byte(r.Proof))
	if err != nil {
		return fmt.Errorf("verify receipt: %w", err)
	}
	leaf, err := entry.ParseLeaf(proof.Extra)
	if err != nil {
		return fmt.Errorf("verify receipt: %w", err)
	}
	if !bytes.Equal(leaf.Statement.Payload, sub.Envelope.Payload) || !bytes.Equal(proof.Extra, r.Leaf) || proof.Index != r.Index {
		return errors.New("verify receipt: it is for another statement")
	}
	if _, err := a.policy.VerifyProof(proof, log.LeafHash(proof.Extra)); err != nil {
		return fmt.Errorf("verify receipt: %w", err)
	}
	return nil
}
