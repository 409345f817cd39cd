package sqlite

import (
	"database/sql"
	"fmt"
	"testing"
)

// LimitPages sets the size at which the writing connection calls the database
// full.
func LimitPages(t *testing.T, s *Store, pages int) {
	t.Helper()
	if _, err := s.write.ExecContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages)); err != nil {
		t.Fatal(err)
	}
}

// WriterPragma reads a setting of the writing connection.
func WriterPragma(t *testing.T, s *Store, pragma string) (value string) {
	t.Helper()
	if err := s.write.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

// CreateVersion1 makes a database as the first version of the schema had it, and
// runs statements on it.
func CreateVersion1(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range append([]string{schema1, fmt.Sprintf("PRAGMA application_id = %d", applicationID), "PRAGMA user_version = 1"}, statements...) {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}
