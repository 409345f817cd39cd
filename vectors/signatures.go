package vectors

import (
	"crypto/sha512"
	"encoding/asn1"
	"encoding/hex"
	"math/big"
	"slices"

	"filippo.io/edwards25519"
	"filippo.io/mldsa"

	"github.com/pledgelog/pledgelog/generator"
)

const aboutSignatures = "Signatures of a message by a key (protocol section 2). verifies is the one definition: Ed25519 by ZIP 215, ECDSA as r and s of 32 bytes, ML-DSA-44 pure with an empty context. A code says why a server refuses one that verifies."

func (r *recipe) signatures() []Signature {
	payload := []byte(r.text(`{"author":"acme","body":{},"kind":"withdraw","lane":"main","log":"$log","made":"2026-05-04T10:00:00Z","prev":"$id(prev)","seq":9}`))
	msg := pae(payload)
	ed, p256, ml := r.key("ed/acme"), r.key("p256/acme"), r.key("ml/acme")
	v := func(name, why string, k *generator.Key, sig []byte, verifies bool) Signature {
		return Signature{Name: name, Why: why, Key: form(k.Public), Message: msg, Sig: b64(sig), Verifies: verifies}
	}
	flip := func(sig []byte, at int) []byte {
		sig = slices.Clone(sig)
		sig[at] ^= 1
		return sig
	}
	edSig, p256Sig, mlSig := ed.Sign(msg), p256.Sign(msg), ml.Sign(msg)
	other := []byte("another message")

	order, _ := new(big.Int).SetString("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16)
	s := new(big.Int).SetBytes(p256Sig[32:])
	mirrored := slices.Concat(p256Sig[:32], new(big.Int).Sub(order, s).FillBytes(make([]byte, 32)))
	der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(p256Sig[:32]), s})
	if err != nil {
		panic("vectors: " + err.Error())
	}
	withContext, err := ml.Signer().(*mldsa.PrivateKey).SignDeterministic(msg, &mldsa.Options{Context: "pledgelog"})
	if err != nil {
		panic("vectors: " + err.Error())
	}
	out := []Signature{
		v("ed25519", "RFC 8032", ed, edSig, true),
		v("p256", "r and s, big-endian", p256, p256Sig, true),
		v("ml-dsa-44", "FIPS 204", ml, mlSig, true),
		v("p256-s-mirrored", "with s the order less s verifies too: signatures are no part of an entry id", p256, mirrored, true),

		v("ed25519-r-altered", "one bit of R", ed, flip(edSig, 0), false),
		v("ed25519-s-altered", "one bit of s", ed, flip(edSig, 40), false),
		v("ed25519-short", "63 bytes", ed, edSig[:63], false),
		v("ed25519-s-plus-order", "s is not below the order of the group", ed, plusOrder(edSig), false),
		v("p256-altered", "one bit", p256, flip(p256Sig, 63), false),
		v("p256-der", "the DER form", p256, der, false),
		v("p256-r-zero", "r is from 1 on", p256, slices.Concat(make([]byte, 32), p256Sig[32:]), false),
		v("p256-s-zero", "s is from 1 on", p256, slices.Concat(p256Sig[:32], make([]byte, 32)), false),
		v("p256-s-order", "s is below the order", p256, slices.Concat(p256Sig[:32], order.Bytes()), false),
		v("ml-dsa-44-altered", "one bit", ml, flip(mlSig, 100), false),
		v("ml-dsa-44-short", "2,419 bytes", ml, mlSig[:2419], false),
		v("ml-dsa-44-context", "the context is empty", ml, withContext, false),
		v("ed25519-by-p256", "a signature by another key", ed, p256Sig, false),
	}
	for i, k := range []*generator.Key{ed, p256, ml} {
		one := v([]string{"ed25519", "p256", "ml-dsa-44"}[i]+"-of-another-message", "made over another message", k, k.Sign(other), false)
		out = append(out, one)
	}
	for _, small := range []struct{ name, why, r string }{
		{"ed25519-r-identity", "R is of small order: ZIP 215 and many verifiers take it, and some do not", "0100000000000000000000000000000000000000000000000000000000000000"},
		{"ed25519-r-order-8", "R is of small order: ZIP 215 multiplies by the cofactor and takes it; who compares the bytes of R does not", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"},
	} {
		one := v(small.name, small.why, ed, smallR(ed, msg, small.r), true)
		one.Code = "signature-not-strict"
		out = append(out, one)
	}
	return out
}

// plusOrder adds the order of the group to the s of a signature.
func plusOrder(sig []byte) []byte {
	order, _ := new(big.Int).SetString("1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed", 16)
	s := slices.Clone(sig[32:])
	slices.Reverse(s)
	sum := new(big.Int).Add(new(big.Int).SetBytes(s), order).FillBytes(make([]byte, 32))
	slices.Reverse(sum)
	return slices.Concat(sig[:32], sum)
}

// smallR signs with R of small order: s = k·a, so that 8·(sB − R − kA) = 0.
func smallR(k *generator.Key, msg []byte, r string) []byte {
	rBytes, err := hex.DecodeString(r)
	if err != nil {
		panic("vectors: " + err.Error())
	}
	private := k.Private()
	h := sha512.Sum512(private.Seed())
	a, err := edwards25519.NewScalar().SetBytesWithClamping(h[:32])
	if err != nil {
		panic("vectors: " + err.Error())
	}
	digest := sha512.Sum512(slices.Concat(rBytes, private[32:], msg))
	c, err := edwards25519.NewScalar().SetUniformBytes(digest[:])
	if err != nil {
		panic("vectors: " + err.Error())
	}
	return slices.Concat(rBytes, edwards25519.NewScalar().Multiply(c, a).Bytes())
}
