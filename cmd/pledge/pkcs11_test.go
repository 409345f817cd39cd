//go:build pkcs11 && cgo

package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pledgelog/pledgelog/commandline/commandtest"
)

// With a token, which is SoftHSM's. Run it with -tags pkcs11.
func TestTokenScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/tokens",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code": commandtest.Exits,
			"vkey": vkey,
			"key":  printed("key id"),
		},
	})
}
