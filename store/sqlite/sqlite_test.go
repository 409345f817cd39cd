package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/pledgelog/pledgelog/store"
	"github.com/pledgelog/pledgelog/store/sqlite"
	"github.com/pledgelog/pledgelog/store/storetest"
)

var harness = storetest.Harness{
	New: func(t testing.TB) string {
		// A name that a URI would take apart.
		path := filepath.Join(t.TempDir(), "100% st#re?mode=memory.db")
		s, err := sqlite.Create(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		return path
	},
	Open: func(ctx context.Context, name string) (store.Store, error) { return sqlite.Open(ctx, name) },
}

func TestMain(m *testing.M) { storetest.Main(m, harness) }

func TestStore(t *testing.T) { storetest.Run(t, harness) }
