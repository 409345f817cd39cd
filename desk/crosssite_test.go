package desk

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// attack is the page of somebody who knows the address of a desk, its token and the path of
// its session. It does all that a page can do without being seen, and says what it read and what
// it could load. Screens that it changed are looked at by the test.
const attack = `<!DOCTYPE html>
<meta charset="utf-8">
<title>another page</title>
<body>
<script>
const desk = %q, token = %q, session = %q;
const out = {read: [], loaded: []};
const element = (name, attributes) => new Promise((done) => {
  const e = Object.assign(document.createElement(name), attributes);
  e.onload = () => { if (name !== "iframe") out.loaded.push(name + " " + attributes.name); done(e); };
  e.onerror = () => done(e);
  document.body.append(e);
  setTimeout(() => done(e), 2000);
});
const read = async (name, f) => {
  try {
    const text = await f();
    if (text.includes('name="do"') || text.includes("data-lint")) out.read.push(name);
  } catch {}
};
const form = async (name, enctype, fields) => {
  const frame = await element("iframe", {name});
  const f = Object.assign(document.createElement("form"), {method: "post", action: desk + session, enctype, target: name});
  for (const [key, value] of Object.entries(fields)) f.append(Object.assign(document.createElement("input"), {name: key, value}));
  document.body.append(f);
  const loaded = new Promise((done) => { frame.onload = done; setTimeout(done, 2000); });
  f.submit();
  await loaded;
  await read(name, async () => frame.contentDocument.documentElement.outerHTML);
};
(async () => {
  for (const path of [token, session]) {
    await element("img", {name: "of " + path.slice(0, 5), src: desk + path});
    await read("fetch", async () => (await fetch(desk + path)).text());
    await read("blind fetch", async () => (await fetch(desk + path, {mode: "no-cors"})).text());
    const frame = await element("iframe", {src: desk + path});
    await read("iframe", async () => frame.contentDocument.documentElement.outerHTML);
  }
  await element("img", {name: "icon", src: desk + session + "icon.svg"});
  await element("script", {name: "script", src: desk + session + "desk.js"});
  await element("link", {name: "style", rel: "stylesheet", href: desk + session + "desk.css"});
  await read("public", async () => (await fetch(desk + session + "public/0")).text());
  await form("form", "application/x-www-form-urlencoded", {step: "0", do: "unsure"});
  await form("multipart", "multipart/form-data", {step: "0", do: "unsure"});
  for (const mode of ["cors", "no-cors"])
    await read("post " + mode, async () => (await fetch(desk + session, {method: "POST", mode, body: new URLSearchParams({step: "0", do: "unsure"})})).text());
  return out;
})().then((out) => { window.result = out; });
</script>
`

// A target is a desk that is attacked.
type target struct {
	host           string // 127.0.0.1:PORT
	token, session string // paths
	fresh          string // the token of another desk, that nobody used; the same guard
	freshDesk      *Desk
}

// targets serves a desk behind a guard.
func newTarget(t *testing.T, g guard) *target {
	t.Helper()
	serve := func() *Desk {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		d, err := New(Config{Tools: noTools{}, Listener: l, guard: g})
		if err != nil {
			t.Fatal(err)
		}
		go d.Serve(t.Context())
		return d
	}
	d := serve()
	path := func(d *Desk) string { return strings.TrimPrefix(d.Address(), "http://"+d.address) }
	x := &target{host: d.address, token: path(d), freshDesk: serve()}
	a, _ := ask(t, "GET", d.Address(), "", nil)
	x.session = a.Header.Get("Location")
	x.fresh = path(x.freshDesk)
	return x
}

// untouched reports whether the desk still shows its first page.
func (x *target) untouched(t *testing.T) bool {
	t.Helper()
	_, text := ask(t, "GET", "http://"+x.host+x.session, "", nil)
	return strings.Contains(text, `name="do" value="unsure"`)
}

// did is what an attack could do.
type did struct {
	Read   []string `json:"read"`
	Loaded []string `json:"loaded"`
}

// evil serves the attack on a desk, at any path, as another program on this machine does:
// base is where the page believes the desk to be.
func evil(t *testing.T, base string, x *target) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, attack, base, x.token, x.session)
	}))
	t.Cleanup(s.Close)
	return s
}

// rebinding serves the attack under a name at the desk's own port, and everything else that is
// asked of that name goes to the desk: as if the name had been made to point at this machine
// after the page was loaded.
func rebinding(t *testing.T, x *target) *httptest.Server {
	t.Helper()
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: x.host})
		r.Out.Host = r.In.Host
	}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/evil" {
			proxy.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, attack, "", x.token, x.session)
	}))
	t.Cleanup(s.Close)
	return s
}

// TestOtherPages has pages of other origins attack a desk in a real browser. With both checks
// nothing is done and nothing is read. That the attacks are attacks shows where one of the checks is
// switched off.
func TestOtherPages(t *testing.T) {
	whole, anyHost, anyPage := newTarget(t, guarded), newTarget(t, ownPages), newTarget(t, ownHost)
	all := []*target{whole, anyHost, anyPage}
	var rules []string
	for i, x := range all {
		_, port, _ := net.SplitHostPort(x.host)
		rules = append(rules, fmt.Sprintf("MAP rebinding-%d.example:%s %s", i, port, rebinding(t, x).Listener.Addr()))
	}
	rules = append(rules, "MAP other.example 127.0.0.1")
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("host-resolver-rules", strings.Join(rules, ", ")))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	ctx, stop := chromedp.NewExecAllocator(ctx, opts...)
	defer stop()
	ctx, leave := chromedp.NewContext(ctx)
	defer leave()
	visit := func(address string) did {
		t.Helper()
		if err := chromedp.Do(ctx, chromedp.Navigate(address)); err != nil {
			t.Fatalf("%s: %v", address, err)
		}
		got, err := chromedp.Run(ctx, chromedp.Evaluate[did](`(async () => { while (!window.result) await new Promise(r => setTimeout(r, 20)); return window.result; })()`, chromedp.EvalAwaitPromise))
		if err != nil {
			t.Fatalf("%s: %v", address, err)
		}
		return got
	}
	otherPort := func(x *target) string { return evil(t, "http://"+x.host, x).URL + "/" }
	otherHost := func(x *target) string {
		_, port, _ := net.SplitHostPort(evil(t, "http://"+x.host, x).Listener.Addr().String())
		return "http://other.example:" + port + "/"
	}
	rebound := func(i int, x *target) string {
		_, port, _ := net.SplitHostPort(x.host)
		return fmt.Sprintf("http://rebinding-%d.example:%s/evil", i, port)
	}

	for name, address := range map[string]string{"another port": otherPort(whole), "another host": otherHost(whole), "a name that points here": rebound(0, whole)} {
		got := visit(address)
		if len(got.Read)+len(got.Loaded) > 0 {
			t.Errorf("%s: it read %q and loaded %q", name, got.Read, got.Loaded)
		}
		if !whole.untouched(t) {
			t.Errorf("%s: it did something", name)
		}
	}
	// A token that nobody used yet is not used up by a page that loads it.
	fresh := &target{host: whole.freshDesk.address, token: whole.fresh, session: "/" + strings.Repeat("A", 43) + "/"}
	visit(otherPort(fresh))
	if a, _ := ask(t, "GET", "http://"+fresh.host+fresh.token, "", nil); a.StatusCode != http.StatusSeeOther {
		t.Errorf("the token was used up: %s", a.Status)
	}
	// The person's own link to the desk is followed.
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `<!DOCTYPE html><title>x</title><meta http-equiv="refresh" content="0; url=%s">`, "http://"+anyHost.freshDesk.address+anyHost.fresh)
	}))
	defer page.Close()
	if err := chromedp.Do(ctx, chromedp.Navigate(page.URL), chromedp.WaitVisible(chromedp.CSS("button[value=unsure]"))); err != nil {
		t.Errorf("the desk's own link: %v", err)
	}

	// Without the check of the host the name that points here reads and does everything.
	if got := visit(rebound(1, anyHost)); !slices.Contains(got.Read, "fetch") || anyHost.untouched(t) {
		t.Errorf("any host: it read %q, and did nothing: %v", got.Read, anyHost.untouched(t))
	}
	// Without the check of the page another port does something, though it reads nothing.
	if got := visit(otherPort(anyPage)); len(got.Read) > 0 || anyPage.untouched(t) {
		t.Errorf("any page: it read %q, and did nothing: %v", got.Read, anyPage.untouched(t))
	}
	stale := &target{host: anyPage.freshDesk.address, token: anyPage.fresh, session: "/" + strings.Repeat("A", 43) + "/"}
	visit(otherPort(stale))
	if a, _ := ask(t, "GET", "http://"+stale.host+stale.token, "", nil); a.StatusCode != http.StatusForbidden {
		t.Errorf("any page: the token was not used up: %s", a.Status)
	}
}
