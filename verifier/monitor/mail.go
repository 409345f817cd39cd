package monitor

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/smtp"
	"net/textproto"
	"os"
	"strings"
	"time"

	"github.com/pledgelog/pledgelog/verifier"
)

// maxMail is how many alarms go into one mail at most.
const maxMail = 50

// A post sends alarms by mail.
type post struct {
	sink   *Sink
	limits Limits
	log    *slog.Logger
}

// send sends them with their bundles, and without where the server refuses that for
// good: an alarm is not to be lost for what goes along with it.
func (p *post) send(ctx context.Context, alarms []*Alarm) error {
	with, err := p.attempt(ctx, alarms, true)
	if refused := (*refusal)(nil); with && errors.As(err, &refused) {
		_, err = p.attempt(ctx, alarms, false)
	}
	return err
}

// attempt reports whether bundles went along.
func (p *post) attempt(ctx context.Context, alarms []*Alarm, attach bool) (with bool, err error) {
	host, _, err := net.SplitHostPort(p.sink.Server)
	if err != nil {
		return with, err
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", p.sink.Server)
	if err != nil {
		return with, err
	}
	defer conn.Close()
	if t, ok := ctx.Deadline(); ok {
		conn.SetDeadline(t)
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		return with, err
	}
	defer c.Close()
	if name, err := os.Hostname(); err == nil {
		if err := c.Hello(name); err != nil {
			return with, err
		}
	}
	if !p.sink.Plain {
		if ok, _ := c.Extension("STARTTLS"); !ok {
			return with, errors.New("the mail server offers no STARTTLS, and mail is not sent without it")
		}
		if err := c.StartTLS(&tls.Config{ServerName: host, RootCAs: p.limits.Roots, MinVersion: tls.VersionTLS12}); err != nil {
			return with, err
		}
	}
	if p.sink.User != "" {
		if err := c.Auth(smtp.PlainAuth("", p.sink.User, p.sink.password.reveal(), host)); err != nil {
			// The server's words may repeat what it was told.
			return with, fmt.Errorf("the mail server does not take user and password%s", codeOf(err))
		}
	}
	if err := c.Mail(p.sink.From); err != nil {
		return with, err
	}
	var refused error
	taken := 0
	for _, to := range p.sink.To {
		switch err := c.Rcpt(to); {
		case err == nil:
			taken++
		case permanent(err):
			// The others get theirs all the same.
			p.log.Error("the mail server refuses a recipient", "sink", p.sink.Name, "to", to, "error", err.Error())
			refused = err
		default:
			return with, err
		}
	}
	if taken == 0 {
		// That is no matter of this mail: it waits until there is a recipient.
		return with, fmt.Errorf("the mail server refuses all recipients: %w", refused)
	}
	w, err := c.Data()
	if err != nil {
		return with, err
	}
	_, size := c.Extension("SIZE")
	mail, with := p.message(alarms, time.Now(), attach, size)
	if _, err := w.Write(mail); err != nil {
		return with, err
	}
	if err := w.Close(); permanent(err) {
		return with, &refusal{err}
	} else if err != nil {
		return with, err
	}
	c.Quit() // it is sent, whatever comes of that
	return with, nil
}

// permanent reports whether a server's answer says that a repeat is of no use.
func permanent(err error) bool {
	var te *textproto.Error
	return errors.As(err, &te) && te.Code/100 == 5
}

func codeOf(err error) string {
	var te *textproto.Error
	if errors.As(err, &te) {
		return fmt.Sprintf(" (%d)", te.Code)
	}
	return ""
}

// message writes a mail, with the bundles if they are to go along and there is room for
// them by what the server says of its SIZE, and reports whether any does.
func (p *post) message(alarms []*Alarm, now time.Time, attach bool, size string) ([]byte, bool) {
	var text, b bytes.Buffer
	q := quotedprintable.NewWriter(&text)
	for i, a := range alarms {
		if i > 0 {
			q.Write([]byte("\n----\n\n"))
		}
		q.Write([]byte(a.letter() + a.howToAcknowledge()))
	}
	q.Close()
	var files []bundleFile
	if attach {
		files = bundles(alarms, roomFor(size, text.Len()))
	}
	subject := oneLine(alarms[0].Title())
	if n := len(alarms) - 1; n > 0 {
		subject += fmt.Sprintf(", and %s", verifier.Count(uint64(n), "other", "others"))
	}
	if alarms[0].SimulatedTime {
		subject = "[demonstration] " + subject
	}
	parts := []string{p.sink.Name}
	for _, a := range alarms {
		parts = append(parts, a.ID, string(a.Event))
	}
	_, domain, _ := strings.Cut(p.sink.From, "@")
	for _, h := range [][2]string{
		{"From", p.sink.From}, {"To", strings.Join(p.sink.To, ", ")}, {"Subject", mime.QEncoding.Encode("utf-8", subject)}, {"Date", now.Format(time.RFC1123Z)},
		{"Message-ID", "<" + id(parts...) + "@" + domain + ">"}, {"Auto-Submitted", "auto-generated"}, {"MIME-Version", "1.0"},
	} {
		b.WriteString(h[0] + ": " + h[1] + "\r\n")
	}
	const plain = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"
	if len(files) == 0 {
		b.WriteString(plain + "\r\n")
		b.Write(text.Bytes())
		return b.Bytes(), false
	}
	boundary := "=_" + id(parts...)
	b.WriteString("Content-Type: " + mime.FormatMediaType("multipart/mixed", map[string]string{"boundary": boundary}) + "\r\n\r\n")
	b.Write(multipart(boundary, plain, text.Bytes(), files))
	return b.Bytes(), true
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// letter is the alarm for a person.
func (a *Alarm) letter() string {
	var b strings.Builder
	if a.SimulatedTime {
		b.WriteString(verifier.SimulatedNotice + "\n\n")
	}
	b.WriteString(a.Title() + "\n\n" + a.Text + "\n")
	if a.Hint != "" {
		b.WriteString("\nWhat to do: " + a.Hint + "\n")
	}
	b.WriteString("\n")
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-10s%s\n", name, value)
		}
	}
	row("log", a.Log)
	if a.Size > 0 {
		row("size", verifier.Commas(a.Size))
	}
	if a.Entry != nil {
		row("entry", verifier.Commas(a.Entry.Index)+"  "+a.Entry.ID)
		row("logged", a.Entry.Logged)
	}
	row("rules", strings.Join(a.Rules, ", "))
	row("from", a.From)
	row("evidence", or(a.EvidenceURL, a.Evidence))
	row("behind it", proofWords[a.Proof])
	row("seen", a.Since)
	row("id", a.ID)
	return b.String()
}

// howToAcknowledge is for those alone who have the monitor's configuration.
func (a *Alarm) howToAcknowledge() string {
	if a.Event != Raised || a.Code == CodeEntry || a.Code == CodeAccepted {
		return ""
	}
	return "\nTo keep it quiet: pledge-verify monitor ack --config FILE " + a.ID + "\n"
}

var proofWords = map[Proof]string{
	ProofBundle: "the evidence file proves it to anybody",
	ProofLog:    "whoever audits the log sees the same",
	ProofSeen:   "this monitor saw it; nothing proves it to others",
}
