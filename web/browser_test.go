package web_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/pledge"
)

// A browser is a real Chromium. Without one these tests fail.
type browser struct {
	t   *testing.T
	ctx context.Context

	mu   sync.Mutex
	said []string // what pages wrote to the console: refused loads, for example
}

func open(t *testing.T) *browser {
	t.Helper()
	b := &browser{t: t}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(t.TempDir()))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewExecAllocator(ctx, opts...)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(ctx, chromedp.WithBrowserOption(chromedp.WithConsolef(func(format string, args ...any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.said = append(b.said, fmt.Sprintf(format, args...))
	})))
	t.Cleanup(closeTab)
	b.ctx = ctx
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start Chromium (Debian package chromium): %v", err)
	}
	return b
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

func eval[T any](b *browser, js string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](js))
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

func (b *browser) theme(name string) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// quiet fails the test if a page wrote to the console.
func (b *browser) quiet() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.said {
		b.t.Errorf("the console says: %s", s)
	}
}

// axeSource is axe-core, from where scripts/test installs it.
var axeSource = sync.OnceValues(func() (string, error) {
	b, err := os.ReadFile(filepath.Join("..", "scripts", "axe", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		return "", fmt.Errorf("%w\naxe-core is missing: (cd scripts/axe && npm ci)", err)
	}
	return string(b), nil
})

// axe has axe-core look at the page, with every rule it has, and wants it to report nothing.
func (b *browser) axe(path string) {
	b.t.Helper()
	source, err := axeSource()
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[int](source+"; 0")); err != nil {
		b.t.Fatal(err)
	}
	found, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](`axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations.flatMap(v => v.nodes.map(n => v.id + ": " + n.html.slice(0, 160) + " " + n.failureSummary)))`, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatal(err)
	}
	for _, v := range found {
		b.t.Errorf("%s: axe: %s", path, v)
	}
}

// kinds are one page of each sort.
func kinds(t *testing.T, w *generator.World) []string {
	out := []string{"/", "/entries", "/entries?kind=attestation", "/signatories", "/signatories/" + w.Signatories[0].ID, "/signatories/secretariat", "/about", "/nowhere", fmt.Sprint("/entries/", w.Size()-1), fmt.Sprint("/entries/", w.Size()-2)}
	seen := make(map[entry.Kind]bool)
	for i := len(w.Logged) - 1; i >= 0; i-- {
		st := pledge.Read(uint64(i), w.Logged[i].Leaf).Statement
		if st == nil || seen[st.Kind] {
			continue
		}
		seen[st.Kind] = true
		out = append(out, "/entries/"+st.ID.String())
	}
	if len(seen) != len(entry.Kinds) {
		t.Fatalf("the sample has %d kinds", len(seen))
	}
	return out
}

// overflow names what is wider than the window.
const overflow = `(() => {
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide <= 0) return "";
  for (const e of document.querySelectorAll("main *, header *, footer *"))
    if (e.getBoundingClientRect().right > innerWidth + 1) return wide + " px: " + e.tagName + "." + e.className + " " + e.textContent.slice(0, 40);
  return wide + " px";
})()`

// faint lists text whose contrast with what is behind it is under WCAG 2.2 AA.
const faint = `(() => {
  const parse = c => { const m = c.match(/[\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m; };
  const lum = c => { const f = v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; return .2126 * f(c[0]) + .7152 * f(c[1]) + .0722 * f(c[2]); };
  const known = new Map(); // what is behind an element, since most share their parents
  const behind = e => { if (!e) return [255, 255, 255, 1]; if (!known.has(e)) { const s = getComputedStyle(e), c = s.backgroundImage !== "none" ? null : parse(s.backgroundColor); known.set(e, c && c[3] !== 1 ? behind(e.parentElement) : c); } return known.get(e); };
  const out = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    if (!walk.currentNode.data.trim()) continue;
    const e = walk.currentNode.parentElement, s = getComputedStyle(e), back = behind(e);
    if (!back || !e.getClientRects().length) continue;
    const a = lum(parse(s.color)), b = lum(back), ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    const size = parseFloat(s.fontSize), large = size >= 24 || size >= 18.66 && s.fontWeight >= 700;
    if (ratio < (large ? 3 : 4.5)) out.push(ratio.toFixed(2) + " " + e.tagName + "." + e.className + " " + walk.currentNode.data.trim().slice(0, 30));
  }
  return out.join("\n");
})()`

// structure lists what assistive technology would stumble over.
const structure = `(() => {
  const out = [], ids = new Set();
  for (const e of document.querySelectorAll("[id]")) { if (ids.has(e.id)) out.push("id twice: " + e.id); ids.add(e.id); }
  for (const e of document.querySelectorAll("[aria-labelledby]")) if (!document.getElementById(e.getAttribute("aria-labelledby"))) out.push("no label " + e.getAttribute("aria-labelledby"));
  for (const e of document.querySelectorAll("select, input")) if (!e.labels.length) out.push("no label: " + e.name);
  for (const e of document.querySelectorAll("a, button")) if (!e.textContent.trim()) out.push("empty: " + e.outerHTML.slice(0, 60));
  for (const e of document.querySelectorAll("svg, img")) if (!e.closest("[aria-hidden=true]")) out.push("picture without a text: " + e.outerHTML.slice(0, 60));
  for (const e of document.querySelectorAll("th")) if (!e.scope) out.push("heading cell without scope");
  let last = 0;
  for (const e of document.querySelectorAll("h1, h2, h3, h4")) { const n = +e.tagName[1]; if (n > last + 1) out.push("heading skips to " + e.textContent); last = n; }
  if (document.querySelectorAll("main").length !== 1) out.push("not one main");
  if (document.scripts.length) out.push("a script");
  for (const e of document.querySelectorAll("dl")) for (const c of e.children) if (c.tagName !== "DIV") out.push("dl has " + c.tagName);
  return out.join("\n");
})()`

func TestPagesInChromium(t *testing.T) {
	w := sample(t)
	lookAt(t, w, kinds(t, w), true)
}

// TestStatesInChromium looks at the page of every kind and state.
func TestStatesInChromium(t *testing.T) {
	x := newStates()
	var paths []string
	for _, l := range x.looks() {
		paths = append(paths, x.path(l.page))
	}
	// The parts that these pages are made of are those of every kind's, at which axe-core looks
	// always. At all states too: AXE=all, which found nothing.
	lookAt(t, x.World, paths, os.Getenv("AXE") == "all")
}

// lookAt holds pages to what any reader needs, at several widths and in both
// themes, and with axe to what axe-core wants.
func lookAt(t *testing.T, w *generator.World, paths []string, axe bool) {
	t.Helper()
	server := httptest.NewServer(site(t, w, publish(t, w)))
	defer server.Close()
	b := open(t)
	looked := 0
	for _, path := range paths {
		b.do(chromedp.Navigate(server.URL + path))
		if s := eval[string](b, structure); s != "" {
			t.Errorf("%s: %s", path, s)
		}
		if n := eval[int](b, `document.styleSheets.length && document.styleSheets[0].cssRules.length`); n < 50 {
			t.Errorf("%s: the stylesheet is not in force", path)
		}
		if axe {
			b.axe(path)
		}
		for _, width := range []int64{320, 360, 390, 768, 1280} { // 320 is 1280 at a zoom of 400 %
			b.do(chromedp.EmulateViewport(width, 800))
			if s := eval[string](b, overflow); s != "" {
				t.Errorf("%s at %d px scrolls sideways by %s", path, width, s)
			}
			for _, theme := range []string{"light", "dark"} {
				b.theme(theme)
				if s := eval[string](b, faint); s != "" {
					t.Errorf("%s at %d px, %s, has faint text:\n%s", path, width, theme, s)
				}
				looked++
			}
		}
	}
	for i, s := range b.said { // the page that is not there is meant not to be
		if strings.Contains(s, "404") {
			b.said[i] = b.said[len(b.said)-1]
			b.said = b.said[:len(b.said)-1]
			break
		}
	}
	b.quiet()
	t.Logf("%d pages × widths × themes", looked)
}

func TestKeyboard(t *testing.T) {
	w := sample(t)
	server := httptest.NewServer(site(t, w, publish(t, w)))
	defer server.Close()
	b := open(t)
	b.do(chromedp.EmulateViewport(390, 800), chromedp.Navigate(server.URL+"/entries"), chromedp.KeyEvent(kb.Tab))
	if s := eval[string](b, `(() => { const e = document.activeElement, r = e.getBoundingClientRect(); return e.className + " " + (r.left >= 0 && r.top >= 0 && r.width > 40); })()`); s != "skip true" {
		t.Errorf("the first stop is %s", s)
	}
	b.do(chromedp.KeyEvent(kb.Enter))
	if id := eval[string](b, `document.activeElement.id`); id != "main" {
		t.Errorf("the skip link leads to %q", id)
	}
	// Every stop can be seen.
	stops := eval[int](b, `document.querySelectorAll("main a, main input, main select, main button, main summary").length`)
	for i := range min(stops, 12) {
		b.do(chromedp.KeyEvent(kb.Tab))
		if s := eval[string](b, `(() => { const e = document.activeElement, s = getComputedStyle(e); return s.outlineStyle === "solid" && parseFloat(s.outlineWidth) >= 2 ? "" : e.outerHTML.slice(0, 80) + s.outlineStyle; })()`); s != "" {
			t.Errorf("stop %d is not seen: %s", i, s)
		}
	}
	// The list is filtered without a mouse and without a script.
	b.do(chromedp.SetValue(chromedp.CSS("#f-kind"), "decision"), chromedp.Focus(chromedp.CSS("form button")))
	if _, err := chromedp.RunResponse(b.ctx, chromedp.KeyEvent(kb.Enter)); err != nil {
		t.Fatal(err)
	}
	if s := eval[string](b, `location.search + " " + document.querySelector("h1").textContent`); s != "?q=&author=&kind=decision Answers to requests" {
		t.Errorf("the form leads to %s", s)
	}
	b.quiet()
}

func TestHostileTextsInChromium(t *testing.T) {
	const owned = `</title><script>document.title='owned'</script><img src=x onerror="document.title='owned'"><b style="position:fixed;inset:0">`
	w := generator.New(generator.Options{Seed: 9, Challengers: 1})
	w.Log(w.Found())
	a := w.Signatories[0]
	a.Name = owned + "\u200fevil"
	w.Log(w.Admit(a))
	w.Log(w.Pledge(a))
	f := w.Log(w.Request(a, "2025-01", &entry.RequestBody{
		Agency: strings.Repeat("unbreakable", 18), Assist: []string{"keys"}, Country: "XB", Statute: owned,
		Narrative: map[string]string{"en": owned + strings.Repeat("W", 9000), "ar": "تفيد الشركة.", "fa": "گفت \u200f(1)\u200e"},
	}))
	w.Log(w.Decision(f, "refused", nil))
	hostile(w, a, owned, strings.Repeat(owned+"\n", 300))
	server := httptest.NewServer(site(t, w, publish(t, w)))
	defer server.Close()
	b := open(t)
	b.do(chromedp.EmulateViewport(360, 800))
	paths := []string{"/", "/about", "/entries", "/signatories", "/signatories/" + a.ID, "/signatories/" + w.Challengers[0].ID, "/signatories/secretariat"}
	for i := 1; i < len(w.Logged); i++ {
		paths = append(paths, fmt.Sprint("/entries/", i))
	}
	for _, path := range paths {
		b.do(chromedp.Navigate(server.URL + path))
		if s := eval[string](b, `document.title === "owned" ? "owned" : document.querySelectorAll("script, img, b, main [style]").length ? "markup" : ""`); s != "" {
			t.Errorf("%s: %s", path, s)
		}
		if s := eval[string](b, overflow); s != "" {
			t.Errorf("%s scrolls sideways by %s", path, s)
		}
		if s := eval[string](b, `[...document.querySelectorAll("bdi")].filter(e => getComputedStyle(e).unicodeBidi !== "isolate").length + ""`); s != "0" {
			t.Errorf("%s: %s names are not isolated", path, s)
		}
	}
	b.do(chromedp.Navigate(server.URL + "/entries/3"))
	if s := eval[string](b, `[...document.querySelectorAll("blockquote")].map(e => e.lang + " " + getComputedStyle(e).direction).join()`); s != "en ltr,ar rtl,fa rtl" {
		t.Errorf("languages and directions: %s", s)
	}
	b.quiet()
}
