package log

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	formats "github.com/transparency-dev/formats/proof"
)

// testProof is a proof for leaf 5 of a log of 7 leaves that testPolicy accepts.
func testProof(t testing.TB) (*Proof, Hash) {
	t.Helper()
	dir := t.TempDir()
	o := buildLog(t, dir, 7)
	hashes, err := NewTileReader(DirSource(dir)).InclusionProof(context.Background(), 5, 7)
	if err != nil {
		t.Fatal(err)
	}
	cp := Checkpoint{Origin: testOrigin, Size: 7, Root: o.root(t, 7)}
	raw := signed(t, cp, map[*Cosigner]uint64{testCosigner(t, "a"): 5, testCosigner(t, "b"): 6})
	leaf := testLeaf(5)
	return &Proof{Extra: leaf, Index: 5, Hashes: hashes, Checkpoint: raw}, LeafHash(leaf)
}

func TestVerifyProof(t *testing.T) {
	p := testPolicy(t)
	good, leaf := testProof(t)
	parsed, err := ParseProof(good.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(parsed.Extra, testLeaf(5)) {
		t.Errorf("extra is %q", parsed.Extra)
	}
	v, err := p.VerifyProof(parsed, leaf)
	if err != nil {
		t.Fatal(err)
	}
	if v.Checkpoint.Size != 7 || v.QuorumTime != 6 {
		t.Errorf("view is %+v", v)
	}
	for _, tt := range []struct {
		name  string
		spoil func(*Proof)
		want  error
	}{
		{"another index", func(p *Proof) { p.Index = 4 }, ErrProof},
		{"an index beyond the size", func(p *Proof) { p.Index = 7 }, ErrProof},
		{"a changed hash", func(p *Proof) { p.Hashes[0][0] ^= 1 }, ErrProof},
		{"one hash less", func(p *Proof) { p.Hashes = p.Hashes[:2] }, ErrProof},
		{"no hash", func(p *Proof) { p.Hashes = nil }, ErrProof},
		{"one hash more", func(p *Proof) { p.Hashes = append(p.Hashes, Hash{}) }, ErrProof},
		{"hashes the wrong way round", func(p *Proof) { slices.Reverse(p.Hashes) }, ErrProof},
		{"a quorum short by one", func(p *Proof) {
			p.Checkpoint = p.Checkpoint[:bytes.LastIndex(p.Checkpoint, []byte("— "))]
		}, ErrQuorum},
		{"another root", func(p *Proof) {
			p.Checkpoint = signed(t, Checkpoint{Origin: testOrigin, Size: 7},
				map[*Cosigner]uint64{testCosigner(t, "a"): 5, testCosigner(t, "b"): 6})
		}, ErrProof},
		{"another origin", func(p *Proof) {
			p.Checkpoint = signed(t, Checkpoint{Origin: "log.example/x", Size: 7}, nil)
		}, ErrUnknownOrigin},
		{"a changed checkpoint", func(p *Proof) {
			p.Checkpoint = bytes.Replace(p.Checkpoint, []byte("\n7\n"), []byte("\n8\n"), 1)
		}, ErrBadSignature},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bad := *good
			bad.Hashes = slices.Clone(good.Hashes)
			tt.spoil(&bad)
			if v, err := p.VerifyProof(&bad, leaf); !errors.Is(err, tt.want) || v != nil {
				t.Errorf("view %v, error %v, want %v", v, err, tt.want)
			}
		})
	}
	if _, err := p.VerifyProof(good, LeafHash(testLeaf(4))); !errors.Is(err, ErrProof) {
		t.Errorf("another leaf: error %v, want ErrProof", err)
	}
}

// A log of one leaf has a proof without hashes; what we write others can read.
func TestProofIsReadElsewhere(t *testing.T) {
	one := &Proof{Checkpoint: signed(t, Checkpoint{Origin: testOrigin, Size: 1, Root: LeafHash([]byte("a"))}, nil)}
	seven, _ := testProof(t)
	for _, p := range []*Proof{one, seven} {
		b := p.Marshal()
		again, err := ParseProof(b)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(again.Marshal(), b) {
			t.Errorf("%q comes back as %q", b, again.Marshal())
		}
		var theirs formats.TLogProof
		if err := theirs.Unmarshal(b); err != nil {
			t.Fatal(err)
		}
		if theirs.Index != p.Index || !bytes.Equal(theirs.ExtraData, p.Extra) || len(theirs.Hashes) != len(p.Hashes) {
			t.Errorf("formats reads %+v", theirs)
		}
		if !bytes.Equal(theirs.Checkpoint, p.Checkpoint) {
			t.Errorf("formats reads checkpoint %q", theirs.Checkpoint)
		}
	}
}

// An extra may be larger than the largest leaf.
func TestProofLargeExtra(t *testing.T) {
	p, leaf := testProof(t)
	p.Extra = bytes.Repeat([]byte{'x'}, 4*MaxLeafSize)
	again, err := ParseProof(p.Marshal())
	if err != nil || !bytes.Equal(again.Extra, p.Extra) {
		t.Fatal(err)
	}
	if _, err := testPolicy(t).VerifyProof(again, leaf); err != nil {
		t.Error(err)
	}
}

func TestParseProofRefuses(t *testing.T) {
	good, _ := testProof(t)
	text := string(good.Marshal())
	cp := string(good.Checkpoint)
	head := "c2sp.org/tlog-proof@v1\n"
	change := func(old, new string) string {
		if !strings.Contains(text, old) {
			t.Fatalf("no %q in the proof", old)
		}
		return strings.Replace(text, old, new, 1)
	}
	for _, tt := range []struct{ name, proof, want string }{
		{"nothing", "", "first line"},
		{"header alone", head, "ends before"},
		{"another version", change("@v1", "@v2"), "first line"},
		{"header without a line feed", "c2sp.org/tlog-proof@v1", "first line"},
		{"space after the header", change("@v1\n", "@v1 \n"), "first line"},
		{"carriage returns", strings.ReplaceAll(text, "\n", "\r\n"), "first line"},
		{"carriage return after the index", change("index 5\n", "index 5\r\n"), "index"},
		{"empty line before", "\n" + text, "first line"},
		{"index with leading zeros", change("index 5", "index 005"), "index"},
		{"negative index", change("index 5", "index -5"), "index"},
		{"index with a plus sign", change("index 5", "index +5"), "index"},
		{"index with two spaces", change("index 5", "index  5"), "index"},
		{"index with a tab", change("index 5", "index\t5"), "no index line"},
		{"index in capitals", change("index 5", "Index 5"), "no index line"},
		{"index of 2^63", change("index 5", "index 9223372036854775808"), "2^63"},
		{"no index", change("index 5\n", ""), "no index line"},
		{"two indexes", change("index 5\n", "index 5\nindex 5\n"), "hash 1"},
		{"extra after the index", head + "index 0\nextra YQ==\n\n" + cp, "hash 1"},
		{"empty extra", head + "extra \nindex 0\n\n" + cp, "extra is empty"},
		{"extra without a space", head + "extra\nindex 0\n\n" + cp, "no index line"},
		{"two extras", head + "extra YQ==\nextra YQ==\nindex 0\n\n" + cp, "no index line"},
		{"extra not base64", head + "extra ???\nindex 0\n\n" + cp, "extra"},
		{"extra with bits set after", head + "extra YR==\nindex 0\n\n" + cp, "extra"},
		{"extra without padding", head + "extra YQ\nindex 0\n\n" + cp, "extra"},
		{"short hash", head + "index 0\nAAAA\n\n" + cp, "hash 1"},
		{"hash with a space", head + "index 0\n" + zeroRoot + " \n\n" + cp, "hash 1"},
		{"too many hashes", head + "index 0\n" + strings.Repeat(zeroRoot+"\n", 64) + "\n" + cp, "more than 63"},
		{"no empty line", head + "index 0\n" + cp, "hash 1"},
		{"two empty lines", head + "index 0\n\n\n" + cp, "checkpoint"},
		{"no checkpoint", head + "index 0\n\n", "checkpoint"},
		{"unsigned checkpoint", head + "index 0\n\na\n1\n" + zeroRoot + "\n", "checkpoint"},
		{"not a checkpoint", head + "index 0\n\nhello\n\n— a AAAAAAA=\n", "checkpoint"},
		{"size with a leading zero", head + "index 0\n\na\n01\n" + zeroRoot + "\n\n— a AAAAAAA=\n", "size"},
		{"extension line", head + "index 0\n\na\n1\n" + zeroRoot + "\nmore\n\n— a AAAAAAA=\n", "three lines"},
		{"something after", text + "\n", "checkpoint"},
		{"too long", head + "extra " + strings.Repeat("A", MaxProofSize) + "\n", "at most"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseProof([]byte(tt.proof))
			if !errors.Is(err, ErrMalformed) {
				t.Fatalf("error %v, want ErrMalformed", err)
			}
			wantError(t, err, tt.want)
		})
	}
}

func TestVerifyConsistencyRefuses(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	o := buildLog(t, dir, 5, 8, 13)
	r := NewTileReader(DirSource(dir))
	proof, err := r.ConsistencyProof(ctx, 5, 13)
	if err != nil {
		t.Fatal(err)
	}
	root := func(n int64) Hash { return o.root(t, n) }
	if err := VerifyConsistency(5, 13, root(5), root(13), proof); err != nil {
		t.Fatal(err)
	}
	if err := VerifyConsistency(0, 13, EmptyRoot(), root(13), nil); err != nil {
		t.Errorf("from the empty tree: %v", err)
	}
	if err := VerifyConsistency(0, 0, EmptyRoot(), EmptyRoot(), nil); err != nil {
		t.Errorf("two empty trees: %v", err)
	}
	for _, tt := range []struct {
		name         string
		size1, size2 uint64
		root1, root2 Hash
		proof        []Hash
	}{
		{"another old root", 5, 13, root(4), root(13), proof},
		{"another new root", 5, 13, root(5), root(12), proof},
		{"no proof", 5, 13, root(5), root(13), nil},
		{"one hash less", 5, 13, root(5), root(13), proof[1:]},
		{"one hash more", 5, 13, root(5), root(13), append(slices.Clone(proof), Hash{})},
		{"smaller", 13, 5, root(13), root(5), proof},
		{"one size, two roots", 5, 5, root(5), root(4), nil},
		{"one size, with a proof", 5, 5, root(5), root(5), proof},
		{"empty tree with a proof", 0, 13, EmptyRoot(), root(13), proof},
		{"empty tree with another root", 0, 13, Hash{}, root(13), nil},
		{"two empty trees with another root", 0, 0, Hash{}, Hash{}, nil},
	} {
		if err := VerifyConsistency(tt.size1, tt.size2, tt.root1, tt.root2, tt.proof); !errors.Is(err, ErrProof) {
			t.Errorf("%s: error %v, want ErrProof", tt.name, err)
		}
	}
}

func FuzzParseProof(f *testing.F) {
	p, _ := testProof(f)
	f.Add(p.Marshal())
	p.Extra, p.Hashes = nil, nil
	f.Add(p.Marshal())
	for _, b := range publishedVectors(f, "proofs.json", "proof") {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ParseProof(b)
		if err != nil {
			return
		}
		if got := p.Marshal(); !bytes.Equal(got, b) {
			t.Fatalf("%q comes back as %q", b, got)
		}
	})
}
