// Package scenes plays what happens to companies in an accord with the programs as they
// are built: pledge, pledgelog serve and pledge-verify. What an auditor, a reader of the
// pages and one of the API see of it is expected by hand, from the protocol.
package scenes
