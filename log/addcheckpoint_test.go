package log

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// The example in the text of c2sp.org/tlog-witness.
const specAddCheckpoint = `old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
`

func TestAddCheckpointOfTheSpecification(t *testing.T) {
	a, err := ParseAddCheckpoint([]byte(specAddCheckpoint))
	if err != nil {
		t.Fatal(err)
	}
	cp, err := ParseCheckpoint(a.Note.Text)
	if err != nil {
		t.Fatal(err)
	}
	if a.Old != 20852014 || len(a.Proof) != 4 || a.Proof[3][0] != 0xff || len(a.Note.Signatures) != 2 ||
		cp.Origin != "example.com/behind-the-sofa" || cp.Size != 20852163 {
		t.Errorf("parsed %+v with %+v", a, cp)
	}
	if got := a.Marshal(); string(got) != specAddCheckpoint {
		t.Errorf("marshalled as\n%s", got)
	}
}

func TestAddCheckpointRefusals(t *testing.T) {
	const hash = "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"
	_, cp, _ := strings.Cut(specAddCheckpoint, "\n\n")
	if _, err := ParseAddCheckpoint([]byte("old 7\n" + strings.Repeat(hash, 63) + "\n" + cp)); err != nil {
		t.Errorf("63 hashes: %v", err)
	}
	for name, c := range map[string]struct{ body, want string }{
		"empty":                       {"", "ends before"},
		"no old":                      {"\n" + cp, "first line"},
		"checkpoint alone":            {cp, "first line"},
		"another word":                {"size 1\n\n" + cp, "first line"},
		"no size":                     {"old \n\n" + cp, "old size"},
		"two spaces":                  {"old  1\n\n" + cp, "old size"},
		"space behind":                {"old 1 \n\n" + cp, "old size"},
		"leading zero":                {"old 01\n\n" + cp, "old size"},
		"zeros":                       {"old 00\n\n" + cp, "old size"},
		"plus":                        {"old +1\n\n" + cp, "old size"},
		"minus":                       {"old -1\n\n" + cp, "old size"},
		"hexadecimal":                 {"old 0x1\n\n" + cp, "old size"},
		"2^63":                        {"old 9223372036854775808\n\n" + cp, "old size"},
		"2^64":                        {"old 18446744073709551616\n\n" + cp, "old size"},
		"other digits":                {"old ١\n\n" + cp, "old size"},
		"CRLF":                        {"old 1\r\n\r\n" + cp, "old size"},
		"no empty line":               {"old 1\n" + hash + cp, "hash 2"},
		"no proof and no empty line":  {"old 1\n" + cp, "hash 1"},
		"two empty lines":             {"old 1\n\n\n" + cp, "checkpoint"},
		"hash without its padding":    {"old 1\n" + strings.Replace(hash, "=", "", 1) + "\n" + cp, "hash 1"},
		"hash of 31 bytes":            {"old 1\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkQ==\n\n" + cp, "hash 1"},
		"hash with trailing bits":     {"old 1\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpka1=\n\n" + cp, "hash 1"},
		"URL-safe base64":             {"old 1\n_6WVhPs2CwSsb5rYBH5cjHV_wSmA79abXAwhXw3Kj_0=\n\n" + cp, "hash 1"},
		"hash with a space":           {"old 1\n " + hash + "\n" + cp, "hash 1"},
		"64 hashes":                   {"old 1\n" + strings.Repeat(hash, 64) + "\n" + cp, "more than 63"},
		"no checkpoint":               {"old 1\n\n", "checkpoint"},
		"checkpoint without the last": {"old 1\n\n" + strings.TrimSuffix(cp, "\n"), "line feed"},
		"no signature":                {"old 1\n\n" + cp[:strings.Index(cp, "\n\n")+2], "no signature"},
		"extension line":              {"old 1\n\n" + strings.Replace(cp, "\n\n", "\nextension\n\n", 1), "three lines"},
		"size with a zero":            {"old 1\n\n" + strings.Replace(cp, "20852163", "020852163", 1), "size"},
		"empty origin":                {"old 1\n\n" + cp[strings.Index(cp, "\n"):], "checkpoint"},
		"bytes behind":                {"old 1\n\n" + cp + "x\n", "signature 3"},
		"not UTF-8":                   {"old 1\n\n\xff" + cp, "UTF-8"},
		"endless":                     {"old 1\n\n" + strings.Repeat("x", MaxAddCheckpointSize), "at most"},
	} {
		_, err := ParseAddCheckpoint([]byte(c.body))
		if err == nil || !strings.Contains(err.Error(), c.want) || !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func FuzzAddCheckpoint(f *testing.F) {
	f.Add([]byte(specAddCheckpoint))
	for _, b := range publishedVectors(f, "checkpoints.json", "checkpoint") {
		f.Add(append([]byte("old 3\n"+zeroRoot+"\n\n"), b...))
	}
	f.Add(append([]byte("old 1\n"+strings.Repeat(zeroRoot+"\n", MaxProofHashes)+"\n"), keptFiles(f, "log/checkpoint")[0]...))
	f.Add(append([]byte("old 1\n"+strings.Repeat(zeroRoot+"\n", MaxProofHashes+1)+"\n"), keptFiles(f, "log/checkpoint")[0]...))
	f.Add([]byte("old 0\n\nlog.example\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— log.example AAAAAAA=\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := ParseAddCheckpoint(b)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Errorf("%v", err)
			}
			return
		}
		if got := a.Marshal(); !bytes.Equal(got, b) {
			t.Errorf("%q became %q", b, got)
		}
		if len(a.Proof) > MaxProofHashes {
			t.Errorf("%d hashes", len(a.Proof))
		}
	})
}
