// Package schema has the JSON Schemas of what the programs write for other
// programs. They are published with the sources and by every server.
package schema

import _ "embed"

// AuditV1 describes the report of `pledge-verify audit --json`, in the form
// pledgelog.audit.v1 (JSON Schema 2020-12). Members may be added under the same
// name, so that a reader takes those that it does not know.
//
//go:embed audit.v1.json
var AuditV1 []byte
