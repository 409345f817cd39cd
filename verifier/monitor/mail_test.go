package monitor_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"math/big"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/textproto"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/verifier/monitor"
)

// A mailbox is a mail server, as little of it as is needed.
type mailbox struct {
	listener net.Listener
	tls      *tls.Config // nil: no STARTTLS
	mu       sync.Mutex
	mails    []string
	auth     []string
	plain    int // commands after EHLO without TLS
	refuse   bool
	unknown  string // recipients that have this in them are refused
	unwanted string // and mails that have this in them
	later    string // these for now
	size     string // what it takes at most, in bytes; "": it does not say
}

func newMailbox(t *testing.T, withTLS bool) (*mailbox, *x509.CertPool) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	m := &mailbox{listener: l}
	pool := x509.NewCertPool()
	if withTLS {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
		der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		pool.AddCert(parsed)
		m.tls = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go m.talk(conn)
		}
	}()
	return m, pool
}

func (m *mailbox) talk(conn net.Conn) {
	defer conn.Close()
	c := textproto.NewConn(conn)
	secure := false
	c.PrintfLine("220 mail.example ready")
	for {
		line, err := c.ReadLine()
		if err != nil {
			return
		}
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		m.mu.Lock()
		refuse, unknown, unwanted, later, size := m.refuse, m.unknown, m.unwanted, m.later, m.size
		if !secure && verb != "EHLO" && verb != "STARTTLS" && verb != "QUIT" {
			m.plain++
		}
		m.mu.Unlock()
		switch verb {
		case "EHLO":
			if m.tls != nil && !secure {
				c.PrintfLine("250-mail.example")
				c.PrintfLine("250 STARTTLS")
			} else {
				c.PrintfLine("250-mail.example")
				if size != "" {
					c.PrintfLine("250-SIZE %s", size)
				}
				c.PrintfLine("250 AUTH PLAIN")
			}
		case "STARTTLS":
			c.PrintfLine("220 go on")
			s := tls.Server(conn, m.tls)
			conn, c, secure = s, textproto.NewConn(s), true
		case "AUTH":
			m.mu.Lock()
			m.auth = append(m.auth, line)
			m.mu.Unlock()
			c.PrintfLine("235 welcome")
		case "RCPT":
			if unknown != "" && strings.Contains(line, unknown) {
				c.PrintfLine("550 no such mailbox")
				continue
			}
			c.PrintfLine("250 fine")
		case "DATA":
			if refuse {
				c.PrintfLine("451 later")
				continue
			}
			c.PrintfLine("354 go on")
			b, err := c.ReadDotBytes()
			if err != nil {
				return
			}
			if unwanted != "" && strings.Contains(string(b), unwanted) {
				c.PrintfLine("554 not here")
				continue
			}
			if later != "" && strings.Contains(string(b), later) {
				c.PrintfLine("451 not now")
				continue
			}
			m.mu.Lock()
			m.mails = append(m.mails, string(b))
			m.mu.Unlock()
			c.PrintfLine("250 taken")
		case "QUIT":
			c.PrintfLine("221 bye")
			return
		default:
			c.PrintfLine("250 fine")
		}
	}
}

func (m *mailbox) refuseTo(unknown string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unknown = unknown
}

func (m *mailbox) take() (mails []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	mails, m.mails = m.mails, nil
	return mails
}

// Mail goes over TLS alone, waits while it is not taken, and says what an alarm says.
func TestMail(t *testing.T) {
	p := newPlace(t, 50, generator.Options{Seed: 55})
	box, pool := newMailbox(t, true)
	p.limits.Roots = pool
	p.limits.LastTime = 8 * time.Second
	well := false
	p.write("password", []byte("a password of the mail server\n"))
	cfg := p.config("log", garbled(p, &well), "sinks: [{type: smtp, server: \""+box.listener.Addr().String()+"\", from: monitor@watch.example, to: [desk@watch.example, night@watch.example], user: monitor, password_file: password}, {type: stdout}]")
	box.refuse = true
	list, _ := p.once(cfg)
	if mails := box.take(); len(mails) != 0 {
		t.Errorf("%d mails", len(mails))
	}
	box.mu.Lock()
	box.refuse = false
	box.mu.Unlock()
	well = true
	ended, _ := p.once(cfg)
	mails := box.take()
	if len(mails) != 1 {
		t.Fatalf("%d mails", len(mails))
	}
	msg, err := mail.ReadMessage(strings.NewReader(mails[0]))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(msg.Body))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
	if err != nil || !strings.Contains(subject, "hall: what a witness or mirror shows is not believed (infrastructure), and 1 other") {
		t.Errorf("subject %q, %v", subject, err)
	}
	for _, a := range append(list, ended...) {
		if !strings.Contains(strings.ReplaceAll(string(body), "\r\n", "\n"), a.Text) || !strings.Contains(string(body), a.ID) {
			t.Errorf("the mail does not say %q:\n%s", a.Text, body)
		}
	}
	if to := msg.Header.Get("To"); to != "desk@watch.example, night@watch.example" {
		t.Errorf("to %s", to)
	}
	if box.plain != 0 || len(box.auth) == 0 {
		t.Errorf("%d commands without TLS, %d logins", box.plain, len(box.auth))
	}

	// A server that offers no TLS gets nothing, nor the password.
	bare, _ := newMailbox(t, false)
	var logged bytes.Buffer
	cfg = p.config("log", garbled(p, &well), "sinks: [{type: smtp, name: bare, server: \""+bare.listener.Addr().String()+"\", from: monitor@watch.example, to: [desk@watch.example], user: monitor, password_file: password}]")
	well = false
	m, err := monitor.New(cfg, monitor.Options{Limits: p.limits, Log: slog.New(slog.NewJSONHandler(&logged, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if _, err := m.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(bare.take()) != 0 || bare.plain != 0 || !strings.Contains(logged.String(), "STARTTLS") {
		t.Errorf("without TLS: %d commands; %s", bare.plain, &logged)
	}
}

// A recipient that is refused keeps no other from getting mail, and where all are,
// nothing is lost.
func TestMailToRefusedRecipient(t *testing.T) {
	p := newPlace(t, 50, generator.Options{Seed: 55})
	p.limits.LastTime = 4 * time.Second
	box, _ := newMailbox(t, false)
	box.refuseTo("night@")
	well := false
	cfg := p.config("log", garbled(p, &well), "sinks: [{type: smtp, server: \""+box.listener.Addr().String()+"\", plain: true, from: monitor@watch.example, to: [night@watch.example, desk@watch.example]}]")
	p.once(cfg)
	if mails := box.take(); len(mails) != 1 || !strings.Contains(mails[0], "w1") {
		t.Errorf("%d mails: %q", len(mails), mails)
	}
	box.refuseTo("@")
	well = true
	p.once(cfg)
	if mails := box.take(); len(mails) != 0 {
		t.Errorf("%d mails to nobody", len(mails))
	}
	box.refuseTo("")
	p.once(cfg)
	if mails := box.take(); len(mails) != 1 {
		t.Errorf("%d mails of what waited", len(mails))
	}
}

// An alarm that a mail server does not take for good is set aside, that one alone.
func TestMailThatIsRefused(t *testing.T) {
	p := newPlace(t, 50, generator.Options{Seed: 55})
	p.limits.LastTime = 8 * time.Second
	box, _ := newMailbox(t, false)
	box.unwanted = "witness bad"
	garbage := func() []byte { return []byte("hello\n") }
	cfg := p.config("log", "    witnesses:", "      - {name: w1, url: \""+p.witness(garbage)+"\"}", "      - {name: bad, url: \""+p.witness(garbage)+"\"}", "      - {name: w3, url: \""+p.witness(garbage)+"\"}",
		"sinks: [{type: smtp, server: \""+box.listener.Addr().String()+"\", plain: true, from: monitor@watch.example, to: [desk@watch.example]}]")
	p.once(cfg)
	all := strings.Join(box.take(), "")
	if !strings.Contains(all, "witness w1") || !strings.Contains(all, "witness w3") || strings.Contains(all, "witness bad") {
		t.Errorf("what came: %s", all)
	}
	left, err := filepath.Glob(p.path("state/queue/smtp/*.json"))
	if err != nil {
		t.Fatal(err)
	}
	aside, err := filepath.Glob(p.path("state/queue/smtp/refused/*.json"))
	if err != nil || len(left) != 0 || len(aside) != 1 {
		t.Errorf("waiting: %q; set aside: %q, %v", left, aside, err)
	}
}
