package log

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var samePolicy = cmp.Options{cmpopts.IgnoreUnexported(Policy{}), cmpopts.EquateEmpty()}

func policyFiles(t testing.TB, kind string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", "policy", kind, "*.txt"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no policies in testdata: %v", err)
	}
	return names
}

func TestParsePolicyRefuses(t *testing.T) {
	for _, name := range policyFiles(t, "refused") {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(string(b), "\n")
			want, ok := strings.CutPrefix(first, "# refused: ")
			if !ok {
				t.Fatalf("%s does not say why it is refused", name)
			}
			_, err = ParsePolicy(b)
			if !errors.Is(err, ErrMalformed) {
				t.Fatalf("error %v, want ErrMalformed", err)
			}
			wantError(t, err, want)
		})
	}
}

func TestParsePolicyAccepts(t *testing.T) {
	for _, name := range policyFiles(t, "accepted") {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			p, err := ParsePolicy(b)
			if err != nil {
				t.Fatal(err)
			}
			checkPolicyRoundTrip(t, p)
		})
	}
}

func checkPolicyRoundTrip(t testing.TB, p *Policy) {
	t.Helper()
	if err := p.Validate(); err != nil {
		t.Errorf("Validate: %v", err)
	}
	again, err := ParsePolicy(p.Marshal())
	if err != nil {
		t.Fatalf("parse what it marshals to: %v\n%s", err, p.Marshal())
	}
	if diff := cmp.Diff(p, again, samePolicy); diff != "" {
		t.Errorf("marshalled and parsed it differs:\n%s", diff)
	}
	if !bytes.Equal(again.Marshal(), p.Marshal()) {
		t.Errorf("marshals to %q, then to %q", p.Marshal(), again.Marshal())
	}
}

func TestParsePolicyFields(t *testing.T) {
	log, a, b := testSigner(t, testOrigin).Key(), testCosigner(t, "a").Key(), testCosigner(t, "b").Key()
	got, err := ParsePolicy(fmt.Appendf(nil, `# who we trust
log %s https://log.example/test
witness A %s https://a.example/
witness B %s
group both	all A B
quorum both
`, log, a, b))
	if err != nil {
		t.Fatal(err)
	}
	want := &Policy{
		Logs:      []LogKey{{log, "https://log.example/test"}},
		Witnesses: []Witness{{"A", a, "https://a.example/"}, {"B", b, ""}},
		Groups:    []Group{{"both", 2, []string{"A", "B"}}},
		Quorum:    "both",
	}
	if diff := cmp.Diff(want, got, samePolicy); diff != "" {
		t.Error(diff)
	}
}

// c2sp.org/tlog-policy asks for 32 logs, witnesses and groups; there is room
// for 128, and no more.
func TestParsePolicyLimits(t *testing.T) {
	policy := func(logs, witnesses, groups int) []byte {
		var b bytes.Buffer
		for i := range logs {
			fmt.Fprintf(&b, "log %s\n", testSigner(t, fmt.Sprint("log.example/", i)).Key())
		}
		for i := range witnesses {
			fmt.Fprintf(&b, "witness w%d %s\n", i, testCosigner(t, fmt.Sprint("w.example/", i)).Key())
		}
		quorum := QuorumNone
		for i := range groups {
			fmt.Fprintf(&b, "group g%d any w%d", i, i)
			if i > 0 {
				fmt.Fprintf(&b, " g%d", i-1)
			}
			b.WriteByte('\n')
			quorum = fmt.Sprint("g", i)
		}
		fmt.Fprintf(&b, "quorum %s\n", quorum)
		return b.Bytes()
	}
	for _, n := range []int{32, MaxPolicyLines} {
		p, err := ParsePolicy(policy(n, n, n))
		if err != nil {
			t.Fatalf("%d of each: %v", n, err)
		}
		if len(p.Logs) != n || len(p.Witnesses) != n || len(p.Groups) != n {
			t.Errorf("%d of each: got %d, %d, %d", n, len(p.Logs), len(p.Witnesses), len(p.Groups))
		}
		checkPolicyRoundTrip(t, p)
	}
	for _, b := range [][]byte{policy(129, 0, 0), policy(0, 129, 0), policy(0, 129, 129),
		[]byte(strings.Repeat("#"+strings.Repeat("x", 1023)+"\n", 1024) + "quorum none\n")} {
		if _, err := ParsePolicy(b); !errors.Is(err, ErrMalformed) {
			t.Errorf("error %v, want ErrMalformed", err)
		}
	}
}

// A policy that was made by hand is refused for the same things.
func TestPolicyByHand(t *testing.T) {
	a, b := testCosigner(t, "a").Key(), testCosigner(t, "b").Key()
	good := func() *Policy {
		return &Policy{
			Logs:      []LogKey{{testSigner(t, testOrigin).Key(), ""}},
			Witnesses: []Witness{{"A", a, ""}, {"B", b, ""}},
			Groups:    []Group{{"g", 2, []string{"A", "B"}}},
			Quorum:    "g",
		}
	}
	raw := signed(t, Checkpoint{Origin: testOrigin, Size: 1}, map[*Cosigner]uint64{
		testCosigner(t, "a"): 5, testCosigner(t, "b"): 6,
	})
	if v, err := good().Open(raw); err != nil || v.QuorumTime != 6 {
		t.Fatalf("good policy: %v, %v", v, err)
	}
	checkPolicyRoundTrip(t, good())
	for name, spoil := range map[string]func(*Policy){
		"no quorum":             func(p *Policy) { p.Quorum = "" },
		"undefined quorum":      func(p *Policy) { p.Quorum = "x" },
		"k of 0":                func(p *Policy) { p.Groups[0].K = 0 },
		"k over n":              func(p *Policy) { p.Groups[0].K = 3 },
		"no members":            func(p *Policy) { p.Groups[0].Members = nil },
		"member twice":          func(p *Policy) { p.Groups[0].Members = []string{"A", "A"} },
		"one key twice":         func(p *Policy) { p.Witnesses[1].Key = a },
		"name with a space":     func(p *Policy) { p.Witnesses[0].Name = "A B" },
		"name with a line feed": func(p *Policy) { p.Witnesses[0].Name = "A\nquorum none" },
		"name is empty":         func(p *Policy) { p.Groups[0].Name = "" },
		"address with a space":  func(p *Policy) { p.Logs[0].URL = "https://a.example/ b" },
		"address with a line":   func(p *Policy) { p.Logs[0].URL = "https://a.example/\nquorum none" },
		"another ID":            func(p *Policy) { p.Witnesses[0].Key.ID++ },
		"another type":          func(p *Policy) { p.Witnesses[0].Key.Type = TypeEd25519 },
		"no key":                func(p *Policy) { p.Witnesses[0].Key = Key{} },
		"log without a key":     func(p *Policy) { p.Logs[0].Key = Key{} },
		"weak key": func(p *Policy) {
			k := Key{Name: "weak", Type: TypeCosignature, Public: make([]byte, 32)}
			k.ID = keyID(k.Name, k.Type, k.Public)
			p.Witnesses[0].Key = k
		},
	} {
		p := good()
		spoil(p)
		if err := p.Validate(); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: Validate gives %v, want ErrMalformed", name, err)
		}
		if _, err := p.Open(raw); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: Open gives %v, want ErrMalformed", name, err)
		}
		if _, err := p.Checked(); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: Checked gives %v, want ErrMalformed", name, err)
		}
		// What was worked out of a policy is not that of a copy that is changed.
		checked, err := good().Checked()
		if err != nil {
			t.Fatal(err)
		}
		changed := &Policy{}
		*changed = *checked
		changed.Witnesses, changed.Logs, changed.Groups = slices.Clone(checked.Witnesses), slices.Clone(checked.Logs), slices.Clone(checked.Groups)
		spoil(changed)
		if _, err := changed.Open(raw); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: of a copy of one that is checked, Open gives %v, want ErrMalformed", name, err)
		}
		if v, err := checked.Open(raw); err != nil || v.QuorumTime != 6 {
			t.Errorf("%s: of one that is checked, Open gives %v, %v", name, v, err)
		}
	}
}

// A policy that is checked is checked once.
func TestPolicyChecked(t *testing.T) {
	p := &Policy{Logs: []LogKey{{Key: testSigner(t, testOrigin).Key()}}, Quorum: QuorumNone}
	checked, err := p.Checked()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := checked.Checked(); again != checked || err != nil {
		t.Errorf("checked again it is another, %v", err)
	}
}

func FuzzParsePolicy(f *testing.F) {
	for _, kind := range []string{"accepted", "refused"} {
		for _, name := range policyFiles(f, kind) {
			b, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	for _, b := range append(publishedVectors(f, "policies.json", "policy"), keptFiles(f, "policy.txt")...) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ParsePolicy(b)
		if err != nil {
			return
		}
		checkPolicyRoundTrip(t, p)
		// What the naive reading of the result finds wrong must not be there.
		seen := make(map[string]bool)
		for _, g := range p.Groups {
			if g.K < 1 || g.K > len(g.Members) {
				t.Errorf("%d of %d", g.K, len(g.Members))
			}
			for _, m := range g.Members {
				if seen[m] {
					t.Errorf("%q is a member twice", m)
				}
				seen[m] = true
			}
		}
		keys := make(map[string]bool)
		for _, w := range p.Witnesses {
			if keys[string(w.Key.Public)] {
				t.Errorf("key of %q is there twice", w.Name)
			}
			keys[string(w.Key.Public)] = true
		}
	})
}

// Whether two disjoint sets make the quorum, worked out by hand.
func TestSplitQuorum(t *testing.T) {
	many := func(n int) (names []string) {
		for i := range n {
			names = append(names, fmt.Sprintf("w%d", i))
		}
		return names
	}
	all := func(from, to int) string { return strings.Join(many(to)[from:], " ") }
	for _, c := range []struct {
		name, rules string
		want        bool
	}{
		{"none", "quorum none", true},
		{"one witness", "quorum w0", false},
		{"any of one", "group g any w0\nquorum g", false},
		{"any of three", "group g any w0 w1 w2\nquorum g", true},
		{"2 of 3", "group g 2 w0 w1 w2\nquorum g", false},
		{"2 of 4", "group g 2 w0 w1 w2 w3\nquorum g", true},
		{"2 of 5", "group g 2 w0 w1 w2 w3 w4\nquorum g", true},
		{"3 of 5", "group g 3 w0 w1 w2 w3 w4\nquorum g", false},
		{"all of two", "group g all w0 w1\nquorum g", false},
		// {w0, w2} and {w1, w3}.
		{"both of two that split", "group x any w0 w1\ngroup y any w2 w3\ngroup g all x y\nquorum g", true},
		// Both need two of w0, w1, w2.
		{"both, one of which does not split", "group x 2 w0 w1 w2\ngroup y any w3 w4\ngroup g all x y\nquorum g", false},
		// {w0, w1} and {w3}.
		{"either, neither of which need split", "group x 2 w0 w1 w2\ngroup y any w3 w4\ngroup g any x y\nquorum g", true},
		// {w0, w2} and {w1, w3}: the two organisations have two keys each, the third has one.
		{"2 of 3 with two that split", "group x any w0 w1\ngroup y any w2 w3\ngroup g 2 x y w4\nquorum g", true},
		// {w0, w2} and {w1, w3}: one splits, the others go one to each.
		{"2 of 3 with one that splits", "group x any w0 w1\ngroup g 2 x w2 w3\nquorum g", true},
		// 3 of x, w2, w3: w2 would have to be in both.
		{"3 of 3 with one that splits", "group x any w0 w1\ngroup g all x w2 w3\nquorum g", false},
		// As in the example of the guide: y's two members don't help x.
		{"three deep", "group a any w0 w1\ngroup b 2 a w2 w3\ngroup c all b w4\nquorum c", false},
		{"three deep, split above", "group a any w0 w1\ngroup b 2 a w2 w3\ngroup c any b w4\nquorum c", true},
		{"a group beside the quorum", "group x any w0 w1\ngroup g 2 w2 w3 w4\nquorum g", false},
		{"64 of 128", "group g 64 " + all(0, 128) + "\nquorum g", true},
		{"65 of 128", "group g 65 " + all(0, 128) + "\nquorum g", false},
		{"33 of 64 and 33 of 64", "group x 33 " + all(0, 64) + "\ngroup y 33 " + all(64, 128) + "\ngroup g all x y\nquorum g", false},
		{"33 of 64 or 33 of 64", "group x 33 " + all(0, 64) + "\ngroup y 33 " + all(64, 128) + "\ngroup g any x y\nquorum g", true},
	} {
		var text strings.Builder
		for i, name := range many(128) {
			seed := sha256.Sum256([]byte(name))
			k, err := NewCosigner(fmt.Sprintf("w%d.example", i), seed[:])
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&text, "witness %s %s\n", name, k.Key())
		}
		p, err := ParsePolicy([]byte(text.String() + c.rules + "\n"))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := p.SplitQuorum(); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// The same, against trying each way to deal seven witnesses out.
func TestSplitQuorumTried(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 2))
	text, names := "", []string(nil)
	for i := range 7 {
		seed := sha256.Sum256([]byte{byte(i)})
		k, err := NewCosigner(fmt.Sprintf("w%d.example", i), seed[:])
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, fmt.Sprintf("w%d", i))
		text += fmt.Sprintf("witness w%d %s\n", i, k.Key())
	}
	splits := 0
	for n := range 300 {
		free, groups := slices.Clone(names), ""
		for g := 0; len(free) > 1; g++ {
			rng.Shuffle(len(free), func(i, j int) { free[i], free[j] = free[j], free[i] })
			m := 2 + rng.IntN(len(free)-1)
			groups += fmt.Sprintf("group g%d %d %s\n", g, 1+rng.IntN(m), strings.Join(free[:m], " "))
			free = append(free[m:], fmt.Sprintf("g%d", g))
		}
		p, err := ParsePolicy([]byte(text + groups + "quorum " + free[0] + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		want := false
		for set := range 1 << 7 {
			one := p.SatisfiedBy(func(i int) bool { return set>>i&1 == 1 })
			want = want || one && p.SatisfiedBy(func(i int) bool { return set>>i&1 == 0 })
		}
		if got := p.SplitQuorum(); got != want {
			t.Errorf("%d: %v, want %v:\n%s", n, got, want, groups)
		}
		if want {
			splits++
		}
	}
	if splits < 30 || splits > 270 {
		t.Errorf("%d of 300 split: the sample is poor", splits)
	}
}

// Who is enough by the specification's own example: two of three X and one of
// three Y.
func TestSatisfiedBy(t *testing.T) {
	p := &Policy{Quorum: "X-and-Y"}
	for i, name := range []string{"X1", "X2", "X3", "Y1", "Y2", "Y3"} {
		c, err := NewCosigner(name+".example", bytes.Repeat([]byte{byte(i)}, 32))
		if err != nil {
			t.Fatal(err)
		}
		p.Witnesses = append(p.Witnesses, Witness{Name: name, Key: c.Key()})
	}
	p.Groups = []Group{{"X", 2, []string{"X1", "X2", "X3"}}, {"Y", 1, []string{"Y1", "Y2", "Y3"}}, {"X-and-Y", 2, []string{"X", "Y"}}}
	for set := range 64 {
		x, y := 0, 0
		for i := range 6 {
			if set>>i&1 == 1 {
				if i < 3 {
					x++
				} else {
					y++
				}
			}
		}
		if got, want := p.SatisfiedBy(func(i int) bool { return set>>i&1 == 1 }), x >= 2 && y >= 1; got != want {
			t.Errorf("witnesses %06b: %v, want %v", set, got, want)
		}
	}
	p.Quorum = QuorumNone
	if !p.SatisfiedBy(func(int) bool { return false }) {
		t.Error("the quorum none is not reached by nobody")
	}
}
