package log

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestArchive(t *testing.T) {
	w := testCosigner(t, "w")
	notes := [][]byte{
		signed(t, Checkpoint{Origin: testOrigin, Size: 1}, map[*Cosigner]uint64{w: 10}),
		signed(t, Checkpoint{Origin: testOrigin, Size: 5}, map[*Cosigner]uint64{w: 20}),
		signed(t, Checkpoint{Origin: testOrigin, Size: 5}, map[*Cosigner]uint64{w: 90}),
		// An archive may be the evidence of a fork.
		signed(t, Checkpoint{Origin: testOrigin, Size: 5, Root: Hash{1}}, nil),
	}
	var archive []byte
	for _, n := range notes {
		archive = AppendArchive(archive, n)
	}
	got, err := ParseArchive(archive)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(notes) {
		t.Fatalf("%d checkpoints, want %d", len(got), len(notes))
	}
	for i := range notes {
		if !bytes.Equal(got[i], notes[i]) {
			t.Errorf("checkpoint %d comes back as %q", i, got[i])
		}
	}
	if got, err := ParseArchive(nil); err != nil || len(got) != 0 {
		t.Errorf("empty archive: %v, %v", got, err)
	}
}

func TestParseArchiveRefuses(t *testing.T) {
	one := string(signed(t, Checkpoint{Origin: testOrigin, Size: 1}, nil))
	two := string(signed(t, Checkpoint{Origin: testOrigin, Size: 2}, nil))
	other := string(signed(t, Checkpoint{Origin: "log.example/other", Size: 2}, nil))
	noCheckpoint, err := testSigner(t, testOrigin).SignNote([]byte("hello\n"))
	if err != nil {
		t.Fatal(err)
	}
	huge := "a\n1\n" + zeroRoot + "\n\n" + strings.Repeat("— a AAAAAAA=\n", MaxNoteSize/14+1)
	for _, tt := range []struct{ name, archive, want string }{
		{"a line feed alone", "\n", "no empty line"},
		{"no empty line at the end", one, "after the signatures"},
		{"no empty line between", one + two + "\n", "signature"},
		{"two empty lines between", one + "\n\n" + two + "\n", "checkpoint 2"},
		{"two empty lines at the end", one + "\n\n", "checkpoint 2"},
		{"smaller", two + "\n" + one + "\n", "size 1 after size 2"},
		{"twice", one + "\n" + one + "\n", "same checkpoint twice"},
		{"another log's", one + "\n" + other + "\n", "origin"},
		{"not a checkpoint", string(noCheckpoint.Marshal()) + "\n", "three lines"},
		{"unsigned", "a\n1\n" + zeroRoot + "\n\n\n", "empty line"},
		{"unsigned before another", "a\n1\n" + zeroRoot + "\n\n" + one + "\n", "signature"},
		{"endless", huge + "\n", "after the signatures"},
		{"empty line in the text", "a\n\n1\n" + zeroRoot + "\n\n— a AAAAAAA=\n\n", "signature"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseArchive([]byte(tt.archive))
			if !errors.Is(err, ErrMalformed) {
				t.Fatalf("error %v, want ErrMalformed", err)
			}
			wantError(t, err, tt.want)
		})
	}
}

// TestParseArchiveOfMany: of many checkpoints, which are parsed at once, the first that is not as
// it has to be is named, also where another one is parsed with those before.
func TestParseArchiveOfMany(t *testing.T) {
	note := func(size int) string { return fmt.Sprintf("a\n%d\n%s\n\n— a AAAAAAA=\n", size, zeroRoot) }
	var notes []string
	for i := range 2*archivePart + 3 {
		notes = append(notes, note(i+10))
	}
	parse := func(notes []string, end string) error {
		_, err := ParseArchive([]byte(strings.Join(notes, "\n") + "\n" + end))
		return err
	}
	if err := parse(notes, ""); err != nil {
		t.Fatal(err)
	}
	wantError(t, parse(notes, "more"), fmt.Sprintf("checkpoint %d:", len(notes)+1))
	for _, at := range []int{1, 255, 256, archivePart - 1, archivePart, archivePart + 1, 2 * archivePart, len(notes) - 1} {
		for what, bad := range map[string]string{
			"three lines":               strings.Replace(notes[at], "\n\n", "\nmore\n\n", 1),
			"not standard base64":       strings.Replace(notes[at], "— a A", "— a *", 1),
			"size 9 after size":         note(9),
			"the same checkpoint twice": notes[at-1],
		} {
			changed := slices.Clone(notes)
			changed[at] = bad
			err := parse(changed, "more")
			wantError(t, err, fmt.Sprintf("checkpoint %d:", at+1))
			wantError(t, err, what)
		}
	}
}

func FuzzParseArchive(f *testing.F) {
	one := signed(f, Checkpoint{Origin: testOrigin, Size: 1}, nil)
	two := signed(f, Checkpoint{Origin: testOrigin, Size: 2}, map[*Cosigner]uint64{testCosigner(f, "w"): 7})
	f.Add([]byte(nil))
	for _, b := range keptFiles(f, "log/checkpoints") {
		if len(b) < 5000 {
			f.Add(b)
		}
	}
	f.Add(AppendArchive(nil, one))
	f.Add(AppendArchive(AppendArchive(nil, one), two))
	f.Fuzz(func(t *testing.T, b []byte) {
		notes, err := ParseArchive(b)
		if err != nil {
			return
		}
		var got []byte
		for _, n := range notes {
			got = AppendArchive(got, n)
		}
		if !bytes.Equal(got, b) {
			t.Fatalf("%q comes back as %q", b, got)
		}
	})
}
