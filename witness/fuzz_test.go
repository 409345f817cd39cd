package witness_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/witness"
)

// FuzzLogFile: what a witness reads as its state of a log it writes and reads alike, and
// without the log's key nobody can give it another checkpoint.
func FuzzLogFile(f *testing.F) {
	b := newBench(f)
	kept := func() []byte {
		files, err := filepath.Glob(filepath.Join(b.dir, "*", "*.json"))
		if err != nil || len(files) != 1 {
			f.Fatalf("%q, %v", files, err)
		}
		raw, err := os.ReadFile(files[0])
		if err != nil {
			f.Fatal(err)
		}
		return raw
	}
	f.Add(kept())
	signed := make(map[log.Checkpoint]bool)
	for _, r := range []*log.AddCheckpoint{b.request(0, 7), b.request(7, 300)} {
		b.cosigned(r)
		cp, err := log.ParseCheckpoint(r.Note.Text)
		if err != nil {
			f.Fatal(err)
		}
		signed[cp] = true
		raw := kept()
		f.Add(raw)
		f.Add(bytes.Replace(raw, []byte(`"enabled": true`), []byte(`"enabled": false`), 1))
		f.Add(bytes.Replace(raw, []byte(`"time": `), []byte(`"time": 9`), 1))
		f.Add(bytes.Replace(raw, []byte(`"origin"`), []byte(`"origin":"x","origin"`), 1))
	}
	f.Add([]byte(`{"origin":"log.example/1","keys":[],"enabled":true,"time":0,"checkpoint":""}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		l, first, err := witness.ReadLog(raw)
		if err != nil {
			return
		}
		l2, again, err := witness.ReadLog(first)
		if err != nil || !bytes.Equal(again, first) || l2.Head != l.Head {
			t.Fatalf("%s is read again as %s, %v", first, again, err)
		}
		if l.Origin == origin && len(l.Keys) == 1 && l.Keys[0].String() == b.key.String() && l.Head.Size > 0 && !signed[l.Head] {
			t.Fatalf("a checkpoint that was never signed: %+v", l.Head)
		}
	})
}
