package client

// A DataPackage describes an export, as of a tree size, for programs that read tables
// (Frictionless Data Package, version 2).
type DataPackage struct {
	Schema      string     `json:"$schema"` // of this document
	Name        string     `json:"name"`
	Title       string     `json:"title"`
	Description string     `json:"description"`
	Origin      string     `json:"origin"`            // the log's name
	TreeSize    uint64     `json:"treeSize"`          // as of which the files are: the first entries of the log, so many
	Created     *Time      `json:"created,omitzero"`  // when the last of these entries was logged; absent when that can't be read
	Erasures    *uint64    `json:"erasures,omitzero"` // of files that are kept: how many erasures the log had when they were made; what those erased is not in them
	Licenses    []License  `json:"licenses,omitzero"` // absent when the operator states none
	Sources     []Source   `json:"sources"`
	Resources   []Resource `json:"resources"`
}

// A License says by what the data may be used.
type License struct {
	Name string `json:"name"` // SPDX identifier
}

// A Source is where the data come from.
type Source struct {
	Title string `json:"title"`
	Path  string `json:"path"`
}

// A Resource is one file of a data package.
type Resource struct {
	Name        string       `json:"name"`
	Type        string       `json:"type,omitzero"` // table, or absent
	Path        string       `json:"path"`          // relative to the package's own address
	Description string       `json:"description"`
	Format      string       `json:"format"`
	MediaType   string       `json:"mediatype"`
	Encoding    string       `json:"encoding"`
	Compression string       `json:"compression,omitzero"` // gz, or absent
	Bytes       int64        `json:"bytes,omitzero"`       // absent when the file is made as it is asked for
	Hash        string       `json:"hash,omitzero"`        // sha256: and hex digits; absent likewise
	Schema      *TableSchema `json:"schema,omitzero"`
}

// A TableSchema says what the columns of a table are.
type TableSchema struct {
	Fields        []Field  `json:"fields"` // in the order of the columns
	PrimaryKey    []string `json:"primaryKey,omitzero"`
	MissingValues []string `json:"missingValues"`
}

// A Field is a column of a table.
type Field struct {
	Name        string `json:"name"`
	Type        string `json:"type"` // string, integer, datetime, date
	Description string `json:"description"`
}

// A DumpList lists the daily dumps that the server keeps, newest first.
type DumpList struct {
	Size          uint64 `json:"size"`
	AsOf          Time   `json:"asOf"`
	SimulatedTime bool   `json:"simulatedTime,omitzero"`
	Dumps         []Dump `json:"dumps"`
}

// A Dump is everything that was logged, as of the first checkpoint of a day, as files.
type Dump struct {
	Day      string     `json:"day"` // YYYY-MM-DD, by the times in the log
	TreeSize uint64     `json:"treeSize"`
	Files    []DumpFile `json:"files"`
}

// A DumpFile is one file of a dump.
type DumpFile struct {
	Name  string `json:"name"`
	Path  string `json:"path"` // below the server's address
	Bytes int64  `json:"bytes"`
}
