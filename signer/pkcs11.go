//go:build pkcs11 && cgo

package signer

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/miekg/pkcs11"

	"github.com/pledgelog/pledgelog/entry"
)

// Of PKCS#11 3.0, which the library's constants do not have.
const (
	ckkECEdwards = 0x00000040
	ckmEdDSA     = 0x00001057
)

var oidP256, oidEd25519 = asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7}, asn1.ObjectIdentifier{1, 3, 101, 112}

// A pkcs11Key is a key on a token.
type pkcs11Key struct {
	uri      *pkcs11URI
	ctx      *pkcs11.Ctx
	session  pkcs11.SessionHandle
	object   pkcs11.ObjectHandle
	alg      string
	patience time.Duration
	// reauthenticate gets the PIN for each signature, nil if the key asks for none.
	reauthenticate func(context.Context) (string, error)
	// stuck: the library was given up on in the middle of a call, and nothing more is
	// asked of it.
	stuck bool
	once  sync.Once
}

// openPKCS11 opens a key on a token that a PKCS#11 library leads to.
func openPKCS11(ctx context.Context, ref string, opts Options) (*Signer, error) {
	uri, err := parsePKCS11(ref)
	if err != nil {
		return nil, err
	}
	k := &pkcs11Key{uri: uri, patience: opts.Patience}
	if err := k.within(ctx, opts.Patience, k.load); err != nil {
		return nil, errors.Join(err, k.close())
	}
	var key entry.Key
	err = k.login(ctx, opts)
	if err == nil {
		err = k.within(ctx, opts.Patience, func() (err error) { key, err = k.find(); return err })
	}
	if err != nil {
		return nil, errors.Join(err, k.close())
	}
	return newSigner(key, k)
}

// within calls the library and waits for it. A call into it cannot be interrupted: one
// that does not come back is left behind.
func (k *pkcs11Key) within(ctx context.Context, patience time.Duration, call func() error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- call() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		k.stuck = true
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return wrong(Later, "see whether it waits for you to touch it", "ask the token: it does not answer")
		}
		return ctx.Err()
	}
}

// load loads the library and opens a session with the token.
func (k *pkcs11Key) load() error {
	if k.ctx = pkcs11.New(k.uri.module); k.ctx == nil {
		return wrong(Named, "see module-path: it is the library that came with the token", "load %s: it is not there, or no PKCS#11 library", k.uri.module)
	}
	if err := k.ctx.Initialize(); err != nil && !is(err, pkcs11.CKR_CRYPTOKI_ALREADY_INITIALIZED) {
		return wrong(Later, "see whether the token's own tools work", "start %s: %w", k.uri.module, err)
	}
	slots, err := k.ctx.GetSlotList(true)
	if err != nil {
		return wrong(Later, "see whether the token's own tools work", "list tokens: %w", err)
	}
	found, slot := 0, uint(0)
	for _, s := range slots {
		info, err := k.ctx.GetTokenInfo(s)
		if err != nil || info.Flags&pkcs11.CKF_TOKEN_INITIALIZED == 0 {
			continue
		}
		if fits(k.uri.token, info.Label) && fits(k.uri.serial, info.SerialNumber) && fits(k.uri.model, info.Model) && fits(k.uri.manufacturer, info.ManufacturerID) {
			found, slot = found+1, s
		}
	}
	switch {
	case found == 0:
		return wrong(Later, "plug it in; token, serial, model and manufacturer of the URI are the token's own", "open token: the one that the URI names is not there")
	case found > 1:
		return wrong(Named, "add token= or serial= to the URI", "open token: %d fit the URI", found)
	}
	if k.session, err = k.ctx.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION); err != nil {
		return wrong(Later, "see whether the token's own tools work", "open token: %w", err)
	}
	return nil
}

func fits(want, is string) bool { return want == "" || want == is }

func is(err error, code pkcs11.Error) bool {
	var e pkcs11.Error
	return errors.As(err, &e) && e == code
}

// login gives the token its PIN.
func (k *pkcs11Key) login(ctx context.Context, opts Options) error {
	of := k.uri.token
	if of == "" {
		of = "the token"
	}
	k.reauthenticate = func(ctx context.Context) (string, error) {
		switch {
		case k.uri.pinFile != "":
			return ReadPassphrase("PIN", k.uri.pinFile)
		case opts.Ask == nil:
			return "", wrong(Named, "name a file with it: pin-source=file:/FILE", "there is nobody to ask for the PIN of %s", of)
		}
		return opts.Ask(ctx, Secret{What: "PIN", Of: of})
	}
	pin, err := k.reauthenticate(ctx)
	if err != nil {
		return err
	}
	return k.within(ctx, opts.Patience, func() error { return k.giveTo(pkcs11.CKU_USER, pin) })
}

func (k *pkcs11Key) giveTo(user uint, pin string) error {
	err := k.ctx.Login(k.session, user, pin)
	switch {
	case err == nil, is(err, pkcs11.CKR_USER_ALREADY_LOGGED_IN):
		return nil
	case is(err, pkcs11.CKR_PIN_INCORRECT), is(err, pkcs11.CKR_PIN_LEN_RANGE), is(err, pkcs11.CKR_PIN_INVALID):
		return wrong(Refused, "beware: after a few wrong ones a token locks itself", "log in to the token: that is not its PIN")
	case is(err, pkcs11.CKR_PIN_LOCKED):
		return wrong(Refused, "who administers the token can unlock it", "log in to the token: its PIN is locked")
	}
	return wrong(Refused, "see whether the token's own tools let you in", "log in to the token: %w", err)
}

// find looks for the private key, and for the public key beside it.
func (k *pkcs11Key) find() (entry.Key, error) {
	private, err := k.objects(pkcs11.CKO_PRIVATE_KEY, k.uri.object, k.uri.id)
	if err != nil {
		return entry.Key{}, err
	}
	switch len(private) {
	case 0:
		return entry.Key{}, wrong(Named, "object= is the key's label and id= its id; pkcs11-tool --list-objects --login shows them", "open key: the token has no such private key")
	case 1:
	default:
		return entry.Key{}, wrong(Named, "add id= to the URI", "open key: %d private keys fit the URI", len(private))
	}
	k.object = private[0]
	attributes, err := k.ctx.GetAttributeValue(k.session, k.object, []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, nil), pkcs11.NewAttribute(pkcs11.CKA_ID, nil), pkcs11.NewAttribute(pkcs11.CKA_LABEL, nil)})
	if err != nil {
		return entry.Key{}, fmt.Errorf("read key: %w", err)
	}
	kind, id, label := number(attributes[0].Value), string(attributes[1].Value), string(attributes[2].Value)
	if id != "" {
		label = "" // the id is what binds the two halves
	}
	public, err := k.objects(pkcs11.CKO_PUBLIC_KEY, label, id)
	if err != nil {
		return entry.Key{}, err
	}
	if len(public) != 1 {
		return entry.Key{}, wrong(Named, "write the public key to the token, with the id of the private one", "open key: the token has %d public keys for it, not one", len(public))
	}
	always, err := k.ctx.GetAttributeValue(k.session, k.object, []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_ALWAYS_AUTHENTICATE, nil)})
	if err != nil || number(always[0].Value) == 0 { // older tokens do not know the attribute
		k.reauthenticate = nil
	}
	if attributes, err = k.ctx.GetAttributeValue(k.session, public[0], []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_EC_PARAMS, nil), pkcs11.NewAttribute(pkcs11.CKA_EC_POINT, nil)}); err != nil {
		if kind != pkcs11.CKK_EC && kind != ckkECEdwards {
			return entry.Key{}, wrong(Named, "make one on the curve P-256, or an Ed25519 key", "open key: it is of a kind (%d) with which no statement is signed", kind)
		}
		return entry.Key{}, fmt.Errorf("read public key: %w", err)
	}
	key, err := keyOfPoint(kind, attributes[0].Value, attributes[1].Value)
	k.alg = key.Alg
	return key, err
}

// objects finds the objects of a class that have a label and an id, if these are given.
func (k *pkcs11Key) objects(class uint, label, id string) ([]pkcs11.ObjectHandle, error) {
	template := []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_CLASS, class)}
	if label != "" {
		template = append(template, pkcs11.NewAttribute(pkcs11.CKA_LABEL, label))
	}
	if id != "" {
		template = append(template, pkcs11.NewAttribute(pkcs11.CKA_ID, []byte(id)))
	}
	if err := k.ctx.FindObjectsInit(k.session, template); err != nil {
		return nil, fmt.Errorf("look for key: %w", err)
	}
	found, _, err := k.ctx.FindObjects(k.session, 10)
	if err := errors.Join(err, k.ctx.FindObjectsFinal(k.session)); err != nil {
		return nil, fmt.Errorf("look for key: %w", err)
	}
	return found, nil
}

// number reads an unsigned number in the machine's byte order, which every machine has
// that this is built for: the least first.
func number(b []byte) (n uint) {
	for i := len(b) - 1; i >= 0; i-- {
		n = n<<8 | uint(b[i])
	}
	return n
}

// keyOfPoint makes a key of what a token says: the curve, by its OID or (before PKCS#11
// 3.0) its name, and the point, in an OCTET STRING or bare.
func keyOfPoint(kind uint, params, point []byte) (entry.Key, error) {
	var octets []byte
	if rest, err := asn1.Unmarshal(point, &octets); err != nil || len(rest) > 0 {
		octets = point
	}
	var oid asn1.ObjectIdentifier
	var name string
	if _, err := asn1.Unmarshal(params, &oid); err != nil {
		_, _ = asn1.Unmarshal(params, &name) // neither: no curve of ours
	}
	switch {
	case kind == pkcs11.CKK_EC && oid.Equal(oidP256):
		pub, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), octets)
		if err != nil {
			return entry.Key{}, wrong(Named, "see whether the token's own tools show the key", "open key: its public half is no point of P-256")
		}
		return entry.NewP256Key(pub, entry.UseStatement)
	case kind == ckkECEdwards && (oid.Equal(oidEd25519) || name == "edwards25519") && len(octets) == 32:
		return entry.NewKey(octets, entry.UseStatement), nil
	}
	return entry.Key{}, wrong(Named, "make one on the curve P-256, or an Ed25519 key", "open key: it is of a kind with which no statement is signed")
}

func (k *pkcs11Key) sign(ctx context.Context, msg []byte) (sig []byte, err error) {
	if k.stuck {
		return nil, wrong(Later, "run the same command again", "ask the token: it did not answer before")
	}
	pin := ""
	if k.reauthenticate != nil {
		if pin, err = k.reauthenticate(ctx); err != nil {
			return nil, err
		}
	}
	mechanism, data := uint(ckmEdDSA), msg
	if k.alg == entry.AlgP256 {
		digest := sha256.Sum256(msg)
		mechanism, data = pkcs11.CKM_ECDSA, digest[:]
	}
	err = k.within(ctx, k.patience, func() error {
		if err := k.ctx.SignInit(k.session, []*pkcs11.Mechanism{pkcs11.NewMechanism(mechanism, nil)}, k.object); err != nil {
			return wrong(Refused, "see whether the key may sign (CKA_SIGN), and whether the token knows the mechanism", "the token does not sign: %w", err)
		}
		if k.reauthenticate != nil {
			if err := k.giveTo(pkcs11.CKU_CONTEXT_SPECIFIC, pin); err != nil {
				return err
			}
		}
		var err error
		if sig, err = k.ctx.Sign(k.session, data); err != nil {
			return wrong(Refused, "see whether it waited for you to touch it", "the token does not sign: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return sig, nil // of CKM_ECDSA: r ‖ s already
}

func (k *pkcs11Key) close() (err error) {
	k.once.Do(func() {
		if k.ctx == nil || k.stuck {
			return
		}
		if k.session != 0 {
			err = k.ctx.CloseSession(k.session)
		}
		err = errors.Join(err, k.ctx.Finalize())
		k.ctx.Destroy()
	})
	return err
}
