package sqlite

import (
	"context"
	"database/sql"
	"fmt"
)

// applicationID marks the file as one of ours ("plog" in ASCII), so that a
// wrong path in a configuration is noticed.
const applicationID = 0x706c6f67

// schemaVersion is kept in PRAGMA user_version. A change of the tables adds a
// step to migrations and never edits an older one.
const schemaVersion = 2

// migrations[i] brings a database from version i to i+1.
var migrations = [schemaVersion]string{schema1, schema2}

// What stands where, and why:
//
//   - Leaf bytes are in the record itself, not split up or compressed: the
//     leaf must come back byte for byte, and nothing in the tree is ever
//     erased, so there is no reason to keep it apart. Rows are in index order
//     in the file (idx is the rowid): appending and reading a range are both
//     sequential.
//   - Bodies are in a table of their own, by digest, from the moment they are
//     queued. So "the body moves with its record" is no copy at all, and a body
//     can be erased one day while the record stays untouchable.
//   - place is AUTOINCREMENT: a place is never used again, even when the
//     queue was empty in between.
//   - The record's triggers refuse any change, and any row that does not
//     continue the order, whoever writes it and with whatever conflict clause:
//     INSERT OR REPLACE would delete the older row without firing a delete
//     trigger, so the insert trigger looks for it itself.
const schema1 = `
CREATE TABLE record (
	idx         INTEGER PRIMARY KEY,
	entry_id    BLOB    NOT NULL UNIQUE CHECK (length(entry_id) = 32),
	logged      INTEGER NOT NULL CHECK (logged >= 0),
	leaf        BLOB    NOT NULL CHECK (length(leaf) > 0),
	body_digest TEXT    NOT NULL
) STRICT;

CREATE INDEX record_by_body ON record (body_digest) WHERE body_digest <> '';

CREATE TRIGGER record_continues BEFORE INSERT ON record
WHEN NEW.idx IS NOT (SELECT coalesce(max(idx) + 1, 0) FROM record)
	OR NEW.logged < (SELECT coalesce(max(logged), 0) FROM record WHERE idx = NEW.idx - 1)
	OR EXISTS (SELECT 1 FROM record WHERE entry_id = NEW.entry_id)
BEGIN SELECT RAISE(ABORT, 'the order of record must be continued'); END;

CREATE TRIGGER record_no_update BEFORE UPDATE ON record
BEGIN SELECT RAISE(ABORT, 'the order of record is append-only'); END;

CREATE TRIGGER record_no_delete BEFORE DELETE ON record
BEGIN SELECT RAISE(ABORT, 'the order of record is append-only'); END;

CREATE TABLE queue (
	place       INTEGER PRIMARY KEY AUTOINCREMENT,
	entry_id    BLOB    NOT NULL UNIQUE CHECK (length(entry_id) = 32),
	statement   BLOB    NOT NULL CHECK (length(statement) > 0),
	body_digest TEXT    NOT NULL
) STRICT;

CREATE INDEX queue_by_body ON queue (body_digest) WHERE body_digest <> '';

CREATE TABLE body (
	digest TEXT PRIMARY KEY CHECK (length(digest) = 43),
	bytes  BLOB NOT NULL
) STRICT;

CREATE TABLE epoch (
	one    INTEGER PRIMARY KEY CHECK (one = 1),
	number INTEGER NOT NULL
) STRICT;

INSERT INTO epoch VALUES (1, 0);

CREATE TRIGGER epoch_grows BEFORE UPDATE ON epoch
WHEN NEW.number <= OLD.number
BEGIN SELECT RAISE(ABORT, 'an epoch never returns'); END;

CREATE TRIGGER epoch_stays BEFORE DELETE ON epoch
BEGIN SELECT RAISE(ABORT, 'an epoch never returns'); END;

CREATE TABLE mark (
	name  TEXT    PRIMARY KEY,
	value INTEGER NOT NULL CHECK (value >= 0)
) STRICT;
`

// schema2: a statement may publish several texts (an open does), or none although
// it names one (a withheld body). So which texts belong to a record stands in a
// table of its own, append-only like the record itself, and outlives the text.
//
// A text must be erasable without a trace, which a deleted row is not: when SQLite
// makes room or merges pages it leaves copies of other rows behind, even with
// secure_delete. So a row of the table text is never deleted and never moves: rows
// are appended, and one that goes is overwritten in its place with as many zeros
// (held is 0 then; both values take no room, so that the row keeps its size). The
// room of a refused statement's text stays empty until the same text comes again.
//
// Erased digests are remembered: what was erased does not come back with the next
// statement that brings the same bytes.
const schema2 = `
CREATE TABLE text (
	no     INTEGER PRIMARY KEY AUTOINCREMENT,
	digest TEXT    NOT NULL UNIQUE CHECK (length(digest) = 43),
	held   INTEGER NOT NULL CHECK (held IN (0, 1)),
	bytes  BLOB    NOT NULL
) STRICT;

INSERT INTO text (digest, held, bytes) SELECT digest, 1, bytes FROM body ORDER BY rowid;
DROP TABLE body;

CREATE TRIGGER text_stays BEFORE DELETE ON text
BEGIN SELECT RAISE(ABORT, 'a text is overwritten where it stands, not deleted'); END;

CREATE TRIGGER text_keeps_its_size BEFORE UPDATE ON text
WHEN NEW.no <> OLD.no OR NEW.digest <> OLD.digest OR length(NEW.bytes) <> length(OLD.bytes)
BEGIN SELECT RAISE(ABORT, 'a text is overwritten where it stands'); END;

CREATE TABLE record_text (
	idx    INTEGER NOT NULL REFERENCES record (idx),
	ord    INTEGER NOT NULL CHECK (ord >= 0),
	digest TEXT    NOT NULL CHECK (length(digest) = 43),
	PRIMARY KEY (idx, ord)
) STRICT, WITHOUT ROWID;

INSERT INTO record_text SELECT idx, 0, body_digest FROM record JOIN text ON digest = body_digest;

CREATE INDEX record_text_by_digest ON record_text (digest);

CREATE TRIGGER record_text_new BEFORE INSERT ON record_text
WHEN EXISTS (SELECT 1 FROM record_text WHERE idx = NEW.idx AND (ord = NEW.ord OR digest = NEW.digest))
BEGIN SELECT RAISE(ABORT, 'the order of record is append-only'); END;

CREATE TRIGGER record_text_no_update BEFORE UPDATE ON record_text
BEGIN SELECT RAISE(ABORT, 'the order of record is append-only'); END;

CREATE TRIGGER record_text_no_delete BEFORE DELETE ON record_text
BEGIN SELECT RAISE(ABORT, 'the order of record is append-only'); END;

CREATE TABLE queue_text (
	place  INTEGER NOT NULL REFERENCES queue (place),
	ord    INTEGER NOT NULL CHECK (ord >= 0),
	digest TEXT    NOT NULL CHECK (length(digest) = 43),
	PRIMARY KEY (place, ord)
) STRICT, WITHOUT ROWID;

INSERT INTO queue_text SELECT place, 0, body_digest FROM queue JOIN text ON digest = body_digest;

CREATE INDEX queue_text_by_digest ON queue_text (digest);

DROP INDEX record_by_body;
DROP INDEX queue_by_body;
ALTER TABLE record DROP COLUMN body_digest;
ALTER TABLE queue DROP COLUMN body_digest;

CREATE TABLE erased (
	digest TEXT PRIMARY KEY CHECK (length(digest) = 43)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER erased_no_update BEFORE UPDATE ON erased
BEGIN SELECT RAISE(ABORT, 'what is erased stays so'); END;

CREATE TRIGGER erased_no_delete BEFORE DELETE ON erased
BEGIN SELECT RAISE(ABORT, 'what is erased stays so'); END;

CREATE TRIGGER text_not_erased BEFORE INSERT ON text
WHEN EXISTS (SELECT 1 FROM erased WHERE digest = NEW.digest)
BEGIN SELECT RAISE(ABORT, 'the text was erased'); END;

CREATE TRIGGER text_stays_erased BEFORE UPDATE ON text
WHEN NEW.held AND EXISTS (SELECT 1 FROM erased WHERE digest = NEW.digest)
BEGIN SELECT RAISE(ABORT, 'the text was erased'); END;
`

// migrate brings the database to schemaVersion inside one transaction, so two
// processes that open an older database at once do not both do it. A fresh
// database (create is true) must hold nothing.
func migrate(ctx context.Context, db *sql.DB, create bool) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()

	var app, version, tables int
	for pragma, to := range map[string]*int{
		"PRAGMA application_id":              &app,
		"PRAGMA user_version":                &version,
		"SELECT count(*) FROM sqlite_schema": &tables,
	} {
		if err := tx.QueryRowContext(ctx, pragma).Scan(to); err != nil {
			return err
		}
	}
	switch {
	case create && (app != 0 || version != 0 || tables != 0):
		return fmt.Errorf("the new file is not empty")
	case !create && app != applicationID:
		return fmt.Errorf("not a store of this program (application id %#x)", app)
	case version > schemaVersion:
		return fmt.Errorf("schema version %d is newer than this program knows (%d): use the newer program", version, schemaVersion)
	case version == schemaVersion:
		return nil
	}
	for v := version; v < schemaVersion; v++ {
		if _, err := tx.ExecContext(ctx, migrations[v]); err != nil {
			return fmt.Errorf("migrate to schema version %d: %w", v+1, err)
		}
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, schemaVersion)); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	if create {
		return nil
	}
	// What the older tables left in free pages and in the write-ahead log goes.
	if _, err := db.ExecContext(ctx, "VACUUM"); err != nil {
		return fmt.Errorf("clear what schema version %d left: %w", version, err)
	}
	return nil
}
