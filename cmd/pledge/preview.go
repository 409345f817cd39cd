package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"os"
	"sync"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/atomicfile"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/page"
	"github.com/pledgelog/pledgelog/pledge"
)

func (a *app) previewCommand() *cobra.Command {
	var f struct{ html, policy, log string }
	cmd := &cobra.Command{
		Use:   "preview FILE [--html FILE.html]",
		Short: "see what a draft will say, and its public page",
		Long: `preview shows everything that a draft says, and points at what may not belong in it.
With --html it writes the page that the public will see, as the log's own site lays it
out, into a file to be opened in a browser: nothing is loaded from anywhere.

A decision is shown with the request that it is on, as on the site: the request's draft is
looked for beside FILE, and with --policy in the log too.

It remembers in FILE.seen which statement was seen: pledge sign refuses the draft when
it has become another one since. It asks nothing of the log; with --policy it asks for
the names of who is in it, so that the page has them, and for the request of a decision.`,
		Example: `  pledge preview acme-request-4.json
  pledge preview acme-request-4.json --html page.html --policy policy.txt
  pledge preview acme-decision-5.json --html page.html    # beside it: acme-request-4.json`,
		Args: commandline.OneArgument("name one draft, FILE.json"),
		RunE: do(func(ctx context.Context, args []string) error {
			path := args[0]
			sub, opened, err := a.readWhole(ctx, path)
			if err != nil {
				return err
			}
			site := previewSite(sub.Statement.Log)
			var r *remote
			if f.policy != "" {
				if r, err = a.nameSite(ctx, site, f.policy, f.log); err != nil {
					return err
				}
			}
			subject, err := r.subjectOf(ctx, path, sub.Statement)
			if err != nil {
				return err
			}
			a.subject(sub.Statement, subject)
			a.statement(sub, opened)
			doubts, err := a.lookedAt(ctx, path, sub, opened)
			if err != nil {
				return err
			}
			a.pointAt(doubts)
			a.simulated(sub.Statement.Log)
			a.signatures(sub, signersOf(sub))
			if f.html != "" {
				b, err := publicPage(site, sub, subject)
				if err != nil {
					return fmt.Errorf("lay out page: %w", err)
				}
				if err := atomicfile.Write(f.html, b, 0o600); err != nil {
					return fmt.Errorf("write page: %w", err)
				}
				a.printf("page        %s\n", f.html)
			}
			return rememberSeen(path, sub.Statement.ID)
		}),
	}
	a.openingFlags(cmd)
	cmd.Flags().StringVar(&f.html, "html", "", "write the public page to `FILE`")
	cmd.Flags().StringVar(&f.policy, "policy", "", "policy `FILE` (C2SP tlog-policy) of the log that is asked for names")
	cmd.Flags().StringVar(&f.log, "log", "", "the log's address, if not the policy's `URL`")
	cmd.Flags().BoolVar(&a.reveal, "show-withheld", false, showWithheld)
	return cmd
}

// previewSite is a site that has nothing but what a draft says.
func previewSite(origin string) *page.Site {
	return &page.Site{Texts: page.English, Origin: origin, Preview: true, Names: func(string) string { return "" }}
}

// nameSite asks a log for the names that its pages have.
func (a *app) nameSite(ctx context.Context, site *page.Site, policyFile, given string) (*remote, error) {
	policy, err := readPolicy(policyFile)
	if err != nil {
		return nil, err
	}
	r, err := a.open(policy, given, site.Origin)
	if err != nil {
		return nil, err
	}
	t, err := r.terms(ctx)
	if err != nil {
		return nil, err
	}
	list, err := r.api.Signatories(ctx)
	if err != nil {
		return nil, askError("who is in the log", err)
	}
	names := make(map[string]string)
	for _, s := range list.Signatories {
		names[s.ID] = s.Name
	}
	site.Accord, site.Names = t.charter.Accord, func(id string) string { return names[id] }
	return r, nil
}

// publicPage is the page of a draft, as the site will show it: of what is withheld it
// has nothing. Subject is the statement that it is about, nil when it is not at hand.
func publicPage(site *page.Site, sub *entry.Submission, subject *page.Entry) ([]byte, error) {
	e := publicEntry(sub)
	if subject != nil {
		e.Subject, e.Index = subject, subject.Index+1 // it comes after it
	}
	switch b := e.Detached.(type) {
	case *entry.CharterBody:
		e.Clauses = b.Clauses
	case *entry.AmendBody:
		e.Clauses = b.Clauses
	}
	body, err := site.Render(e)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = wrapper().Execute(&b, map[string]any{"Site": site, "Style": htmltemplate.CSS(page.Stylesheet), "Body": body, "ID": sub.Statement.ID.String()})
	return b.Bytes(), err
}

// publicEntry is a draft as the public will have it.
func publicEntry(sub *entry.Submission) *page.Entry {
	e := &page.Entry{ID: sub.Statement.ID, Envelope: sub.Envelope, Statement: sub.Statement, Verdict: pledge.Verdict{Kind: pledge.Accepted}}
	switch {
	case sub.Statement.IsWithheld():
		e.State = pledge.BodyWithheld
		if day, err := entry.ParseDate(sub.Statement.Review); err == nil {
			e.Review = day
		}
	case sub.Detached != nil:
		e.State, e.Detached = pledge.BodyPublished, sub.Detached
	default:
		e.State = pledge.BodyNone
	}
	return e
}

// wrapper makes one file of a page: it loads nothing, and says what it is.
var wrapper = sync.OnceValue(func() *htmltemplate.Template {
	return htmltemplate.Must(htmltemplate.New("preview").Parse(`<!doctype html>
<html lang="{{.Site.Lang}}" dir="{{.Site.Dir}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="robots" content="noindex">
<title>Preview of {{.ID}}</title>
<style>{{.Style}}</style>
</head>
<body>
<main id="main">
{{.Body}}
</main>
</body>
</html>
`))
})

// seenPath names the file that says which statement was seen in a preview.
func seenPath(draft string) string { return draft + ".seen" }

// rememberSeen writes down which statement was seen.
func rememberSeen(path string, id entry.ID) error {
	if err := atomicfile.Write(seenPath(path), []byte(id.String()+"\n"), 0o600); err != nil {
		return fmt.Errorf("remember what was seen: %w", err)
	}
	return nil
}

// holdSeen refuses a draft that is another statement than the one that was seen in a
// preview, if there was one. The entry id is that of every byte that is signed, and by
// the digests in it of every text.
func holdSeen(path string, id entry.ID) error {
	b, err := os.ReadFile(seenPath(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return commandline.Usagef("remove it, and preview the draft again", "read what was seen: %w", err)
	}
	if string(b) != id.String()+"\n" {
		return commandline.Refused(fmt.Errorf("%s is another statement than the one that was previewed", path), "look at it again: pledge preview "+path)
	}
	return nil
}
