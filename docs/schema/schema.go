// Package schema has the JSON Schemas (2020-12) of what the programs write for other
// programs: a file for each format, named as it is. Members may be added under the
// same name, so that a reader takes those that it does not know.
package schema

import "embed"

// Files has the schemas. Each is known by its $id, urn:pledgelog:schema: and the name
// of its file without the ending; they refer to each other by these.
//
//   - alarm.v1.json, heartbeat.v1.json: `pledge-verify monitor`
//   - audit.v1.json: `pledge-verify audit --json`
//   - chain.v1.json: `pledge-verify chain --json`
//   - diff.v1.json: `pledge-verify diff --json`
//   - filing.v1.json: FILE.filing.json beside a draft of `pledge new request`
//   - law-cards.v1.json: `pledge law --json`, entry/lawcards.json
//   - proof.v1.json: `pledge-verify proof --json`
//   - witness-audit.v1.json: audit.json of an auditing `pledge-witness`
//
//go:embed *.json
var Files embed.FS
