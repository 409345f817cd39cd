package sqlite

import (
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
