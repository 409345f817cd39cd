package main

import (
	"context"
	"errors"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/signer"
)

// references are what names a key that is in no file.
const references = "ssh-agent:KEYID, ssh-agent:COMMENT, pkcs11:URI or hashivault://NAME"

// openKey opens the key that --key names. File is that of its passphrase, "" to ask.
func (a *app) openKey(ctx context.Context, ref, file string) (*signer.Signer, error) {
	key, err := signer.Open(ctx, ref, signer.Options{Ask: a.askFrom(file)})
	return key, keyFailure(err)
}

// keyFailure gives what package signer says its exit code.
func keyFailure(err error) error {
	var e *signer.Error
	switch {
	case !errors.As(err, &e):
		return err
	case e.Class == signer.Refused:
		return commandline.Refused(err, e.Hint)
	case e.Class == signer.Later:
		return commandline.Undecided(err, e.Hint)
	}
	return commandline.Usagef(e.Hint, "%w", err)
}

// signEnvelope adds a signature that verifies.
func signEnvelope(ctx context.Context, env *entry.Envelope, key *signer.Signer) error {
	sig, err := key.Sign(ctx, env.PAE())
	if err != nil {
		return keyFailure(err)
	}
	env.Sign(key.Public().ID, sig)
	return nil
}
