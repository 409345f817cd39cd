package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/signer"
)

// workFactor is what encrypting a key costs. Tests take less.
var workFactor = signer.WorkFactor

// minPassphrase is the fewest characters of a passphrase that is chosen by a person.
const minPassphrase = 12

const passphraseFile = "read the passphrase from `FILE`, which holds nothing else and only you may read"

// askFrom returns what gets passphrases from a file if one is named, and passphrases and
// PINs from the terminal otherwise.
func (a *app) askFrom(file string) func(context.Context, signer.Secret) (string, error) {
	return func(ctx context.Context, s signer.Secret) (string, error) {
		if file != "" && s.What == "passphrase" {
			return signer.ReadPassphrase("passphrase", file)
		}
		if !a.isTerminal() {
			hint := "run it on a terminal, or put the passphrase into a file that only you may read: --passphrase-file FILE"
			if s.What != "passphrase" {
				hint = "run it on a terminal, or name a file in the reference: pin-source=file:/FILE"
			}
			return "", commandline.Usagef(hint, "there is no terminal to ask for the %s of %s on", s.What, s.Of)
		}
		return a.askHidden(ctx, fmt.Sprintf("%s of %s: ", s.What, s.Of))
	}
}

// newPassphrase gets the passphrase that a key file is going to have: from a file, or
// twice from the terminal. Who chooses none there is given one.
func (a *app) newPassphrase(ctx context.Context, of, file, flag string) (string, error) {
	const chosen = "choose a longer one, or press Enter on a terminal to be given one"
	if file != "" {
		given, err := signer.ReadPassphrase("passphrase", file)
		if err != nil {
			return "", keyFailure(err)
		}
		return given, longEnough(given, chosen)
	}
	if !a.isTerminal() {
		return "", commandline.Usagef("run it on a terminal, or put the passphrase into a file that only you may read: "+flag+" FILE",
			"there is no terminal to ask for a passphrase on, and %s is not given", flag)
	}
	given, err := a.askHidden(ctx, fmt.Sprintf("new passphrase of %s (empty: you are given one): ", of))
	if err != nil {
		return "", err
	}
	if given == "" {
		if given, err = makePassphrase(); err != nil {
			return "", err
		}
		if err := a.showOnce(given); err != nil {
			return "", err
		}
	} else if err := longEnough(given, chosen); err != nil {
		return "", err
	}
	again, err := a.askHidden(ctx, "the same again: ")
	if err != nil {
		return "", err
	}
	if again != given {
		return "", commandline.Refused(errors.New("the two passphrases differ; nothing was written"), "run the same command again")
	}
	return given, nil
}

func longEnough(passphrase, hint string) error {
	if n := utf8.RuneCountInString(passphrase); n < minPassphrase {
		return commandline.Refused(fmt.Errorf("the passphrase has %d characters, and at least %d are needed", n, minPassphrase), hint)
	}
	return nil
}

// makePassphrase makes a passphrase that nobody guesses: 24 letters out of 23, 108 bits. Those
// that are taken for others in handwriting are left out.
func makePassphrase() (string, error) {
	const letters = "abcdefghjkmnpqrstuvwxyz"
	var b strings.Builder
	for i := range 24 {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(letters))))
		if err != nil {
			return "", fmt.Errorf("make passphrase: %w", err)
		}
		b.WriteByte(letters[n.Int64()])
	}
	return b.String(), nil
}

// passphraseFlag adds --passphrase-file to a command that opens keys.
func passphraseFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "passphrase-file", "", passphraseFile)
}
