package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
)

// A server is `pledgelog serve` in a process of its own, on loopback, with all
// its files in one directory.
type server struct {
	programs string
	dir      string
	key      log.Key // of its checkpoints
	address  string
	url      string
	cmd      *exec.Cmd
	ended    chan struct{} // closed when the process is no more
	err      error         // how it ended
}

const (
	startTime = 30 * time.Second
	stopTime  = 30 * time.Second
)

// newServer makes the keys of a log.
func (b *bench) newServer(ctx context.Context) (*server, error) {
	s := &server{programs: b.programs, dir: filepath.Join(b.dir, "server"), ended: make(chan struct{})}
	if err := os.Mkdir(s.dir, 0o755); err != nil {
		return nil, err
	}
	if err := s.pledgelog(ctx, "keygen", "--origin", origin, "--out", s.path("keys")); err != nil {
		return nil, err
	}
	vkey, err := os.ReadFile(s.path("keys/checkpoint.pub"))
	if err != nil {
		return nil, err
	}
	if s.key, err = log.ParseKey(strings.TrimSpace(string(vkey))); err != nil {
		return nil, fmt.Errorf("read checkpoint key: %w", err)
	}
	return s, nil
}

func (s *server) path(name string) string { return filepath.Join(s.dir, filepath.FromSlash(name)) }

// pledgelog runs the operator's program to its end.
func (s *server) pledgelog(ctx context.Context, args ...string) error {
	out, err := exec.CommandContext(ctx, filepath.Join(s.programs, "pledgelog"), args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("pledgelog %s: %w: %s", args[0], err, bytes.TrimSpace(out))
	}
	return nil
}

// start makes the log, with its charter, and serves it. The shortest interval
// between checkpoints is the operator's choice that gives the quickest receipts.
func (s *server) start(ctx context.Context, charter *entry.Submission) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("find a port: %w", err)
	}
	s.address = l.Addr().String()
	s.url = "http://" + s.address
	if err := l.Close(); err != nil {
		return err
	}
	config := fmt.Sprintf(`origin: %s
directory: %s
state: %s
policy: %s
checkpoint_key: %s
listen: %s
checkpoint_interval: 100ms
`, origin, s.path("log"), s.path("state"), s.path("policy.txt"), s.path("keys/checkpoint.key"), s.address)
	for name, text := range map[string][]byte{
		"policy.txt":   []byte("log " + s.key.String() + "\nquorum none\n"),
		"config.yaml":  []byte(config),
		"charter.json": charter.Marshal(),
	} {
		if err := os.WriteFile(s.path(name), text, 0o644); err != nil {
			return err
		}
	}
	if err := s.pledgelog(ctx, "init", "--config", s.path("config.yaml"), "--charter", s.path("charter.json")); err != nil {
		return err
	}
	logged, err := os.Create(s.path("serve.log"))
	if err != nil {
		return err
	}
	defer logged.Close()
	s.cmd = exec.Command(filepath.Join(s.programs, "pledgelog"), "serve", "--config", s.path("config.yaml"))
	s.cmd.Stdout, s.cmd.Stderr = logged, logged
	if err := s.cmd.Start(); err != nil {
		return fmt.Errorf("start server: %w", err)
	}
	go func() {
		s.err = s.cmd.Wait()
		close(s.ended)
	}()
	if err := s.ready(ctx); err != nil {
		s.kill()
		return fmt.Errorf("start server: %w: %s", err, s.lastWords())
	}
	return nil
}

// ready waits until the server takes statements.
func (s *server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	transport := &http.Transport{DisableKeepAlives: true}
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		err := get(ctx, transport, s.url+"/readyz")
		if err == nil {
			return nil
		}
		select {
		case <-again.C:
		case <-s.ended:
			return errors.New("it ended")
		case <-ctx.Done():
			return err
		}
	}
}

func (s *server) pid() int { return s.cmd.Process.Pid }

// stop ends the server as an operator does, and wants it to end well.
func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop server: %w", err)
	}
	select {
	case <-s.ended:
	case <-time.After(stopTime):
		return fmt.Errorf("stop server: it goes on after %v: %s", stopTime, s.lastWords())
	}
	if s.err != nil {
		return fmt.Errorf("stop server: %w: %s", s.err, s.lastWords())
	}
	return nil
}

// kill ends the server in any case.
func (s *server) kill() {
	s.cmd.Process.Kill()
	<-s.ended
}

// lastWords are the end of what the server wrote.
func (s *server) lastWords() string {
	text, err := os.ReadFile(s.path("serve.log"))
	if err != nil {
		return err.Error()
	}
	return string(bytes.TrimSpace(text[max(0, len(text)-2000):]))
}
