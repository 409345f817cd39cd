package vectors

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/pledgelog/pledgelog/generator"
)

const aboutKeys = "Keys and key sets (protocol section 2). id is the SHA-256 of the DER; digest is that of the set's canonical JSON, as a directory's rows have it."

func (r *recipe) keys() Keys {
	good := func(name, why, key string) Key {
		k := r.key(key)
		return Key{Name: name, Why: why, Key: form(k.Public), ID: keyID(k)}
	}
	out := Keys{About: aboutKeys}
	out.Keys = append(out.Keys,
		good("ed25519", "RFC 8410", "ed/acme"),
		good("ed25519-slot", "a key that signs slots and nothing else", "ed/acme/slot"),
		good("p256", "RFC 5480, an uncompressed point", "p256/acme"),
		good("p256-slot", "algorithms may be mixed, for slots too", "p256/acme/slot"),
		good("ml-dsa-44", "RFC 9881, 1,312 bytes", "ml/acme"),
	)
	for _, b := range r.badKeys() {
		out.Keys = append(out.Keys, b)
	}
	set := func(name, why, code, text string) {
		s := KeySet{Name: name, Why: why, Code: code, Set: Octets(r.text(text))}
		if code == "" {
			s.Digest = digest(s.Set)
		}
		out.KeySets = append(out.KeySets, s)
	}
	set("one-of-one", "one key, which signs", "", `{"keys":[$key(ed/acme)],"threshold":1}`)
	set("two-of-three-mixed", "algorithms may be mixed in a set", "", `{"keys":[$key(ed/acme),$key(p256/acme),$key(ml/acme)],"threshold":2}`)
	set("with-slot-key", "slot keys stand in the same set and do not count for the threshold", "", `{"keys":[$key(ed/acme),$key(p256/acme/slot)],"threshold":1}`)
	set("threshold-0", "at least one signs", "threshold-malformed", `{"keys":[$key(ed/acme)],"threshold":0}`)
	set("threshold-over-keys", "no more can sign than there are", "threshold-malformed", `{"keys":[$key(ed/acme)],"threshold":2}`)
	set("threshold-counts-slot-key", "a slot key signs slots alone", "threshold-malformed", `{"keys":[$key(ed/acme),$key(p256/acme/slot)],"threshold":2}`)
	set("only-slot-keys", "nobody could sign a statement", "threshold-malformed", `{"keys":[$key(ed/acme/slot)],"threshold":1}`)
	set("no-keys", "nobody could sign a statement", "threshold-malformed", `{"keys":[],"threshold":1}`)
	set("key-twice", "a key counts once", "key-malformed", `{"keys":[$key(ed/acme),$key(ed/acme)],"threshold":1}`)
	set("key-twice-by-use", "the key is the same, whatever it is used for", "key-malformed", `{"keys":[$key(ed/acme),{"alg":"ed25519","spki":"`+r.key("ed/acme").Public.SPKI+`","use":"slot"}],"threshold":1}`)
	return out
}

func keyID(k *generator.Key) string {
	der, err := base64.StdEncoding.DecodeString(k.Public.SPKI)
	if err != nil {
		panic("vectors: " + err.Error())
	}
	return fmt.Sprintf("%x", hash(der))
}

// The DER that stands before the bytes of a key.
const (
	derEd25519  = "302a300506032b6570032100"
	derX25519   = "302a300506032b656e032100"
	derEd448    = "3043300506032b6571033a00"
	derP256     = "3059301306072a8648ce3d020106082a8648ce3d030107034200"
	derP256Zip  = "3039301306072a8648ce3d020106082a8648ce3d030107032200" // compressed point
	derP256K1   = "3056301006072a8648ce3d020106052b8104000a034200"       // secp256k1
	derMLDSA44  = "30820532300b06096086480165030403110382052100"
	derMLDSA65  = "30820532300b06096086480165030403120382052100" // the next algorithm's, with as many bytes
	derEdParams = "302c300706032b65700500032100"                 // with NULL as parameters
)

func (r *recipe) badKeys() []Key {
	ed, p256, ml := r.key("ed/acme").Public, r.key("p256/acme").Public, r.key("ml/acme").Public
	raw := func(spki, prefix string) string {
		der, err := base64.StdEncoding.DecodeString(spki)
		if err != nil {
			panic("vectors: " + err.Error())
		}
		return strings.TrimPrefix(hex.EncodeToString(der), prefix)
	}
	edRaw, p256Raw, mlRaw := raw(ed.SPKI, derEd25519), raw(p256.SPKI, derP256), raw(ml.SPKI, derMLDSA44)
	bad := func(name, why, code, alg, der string) Key {
		b, err := hex.DecodeString(der)
		if err != nil {
			panic("vectors: " + err.Error())
		}
		return Key{Name: name, Why: why, Code: code, Key: KeyForm{alg, b64(b), "statement"}}
	}
	text := func(name, why, code, alg, spki, use string) Key {
		return Key{Name: name, Why: why, Code: code, Key: KeyForm{alg, spki, use}}
	}
	point := func(y string) string { return derEd25519 + y }
	x := p256Raw[2:66]
	return []Key{
		text("use-unknown", "a key is for statements or for slots", "key-malformed", ed.Alg, ed.SPKI, "checkpoint"),
		text("alg-unknown", "not one of the three algorithms", "key-algorithm-unknown", "rsa-pss-2048", ed.SPKI, "statement"),
		text("alg-upper-case", "algorithms have one spelling", "key-algorithm-unknown", "Ed25519", ed.SPKI, "statement"),
		text("base64-line-break", "base64 takes no line breaks", "base64-not-canonical", ed.Alg, ed.SPKI[:32]+"\n"+ed.SPKI[32:], "statement"),
		text("base64-without-padding", "base64 is the padded form", "base64-not-canonical", p256.Alg, strings.TrimRight(p256.SPKI, "="), "statement"),
		text("base64url", "base64 is the standard alphabet", "base64-not-canonical", ml.Alg, strings.NewReplacer("+", "-", "/", "_").Replace(ml.SPKI), "statement"),
		bad("ed25519-short", "31 bytes", "key-malformed", ed.Alg, derEd25519+edRaw[:62]),
		bad("ed25519-byte-after", "a byte follows the key", "key-malformed", ed.Alg, derEd25519+edRaw+"00"),
		bad("ed25519-parameters", "RFC 8410 has no parameters", "key-malformed", ed.Alg, derEdParams+edRaw),
		bad("ed25519-of-x25519", "a key for another purpose", "key-malformed", ed.Alg, derX25519+edRaw),
		bad("ed25519-of-ed448", "a key of another curve", "key-malformed", ed.Alg, derEd448+edRaw+edRaw[:50]),
		bad("ed25519-raw", "the bytes of the key without the DER", "key-malformed", ed.Alg, edRaw),
		bad("ed25519-as-p256", "alg and DER differ", "key-malformed", p256.Alg, derEd25519+edRaw),
		bad("p256-as-ed25519", "alg and DER differ", "key-malformed", ed.Alg, derP256+p256Raw),
		bad("ed25519-identity", "the neutral element: it verifies signatures that nobody made", "key-weak", ed.Alg, point("0100000000000000000000000000000000000000000000000000000000000000")),
		bad("ed25519-order-2", "a point of order 2", "key-weak", ed.Alg, point("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")),
		bad("ed25519-order-4", "a point of order 4", "key-weak", ed.Alg, point("0000000000000000000000000000000000000000000000000000000000000000")),
		bad("ed25519-order-8", "a point of order 8", "key-weak", ed.Alg, point("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")),
		bad("ed25519-not-canonical", "y is 2^255-19+4, and is written as 4 instead", "key-weak", ed.Alg, point("f1ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")),
		bad("ed25519-not-on-curve", "no point has y = 2", "key-weak", ed.Alg, point("0200000000000000000000000000000000000000000000000000000000000000")),
		bad("p256-compressed", "the point is uncompressed", "key-malformed", p256.Alg, derP256Zip+"02"+x),
		bad("p256-of-secp256k1", "a key of another curve", "key-malformed", p256.Alg, derP256K1+p256Raw),
		bad("p256-hybrid", "the point is of form 04", "key-weak", p256.Alg, derP256+"06"+p256Raw[2:]),
		bad("p256-not-on-curve", "y is x: no point of the curve", "key-weak", p256.Alg, derP256+"04"+x+x),
		bad("ml-dsa-44-short", "1,311 bytes", "key-malformed", ml.Alg, derMLDSA44+mlRaw[:2*1311]),
		bad("ml-dsa-65", "a key of another algorithm of FIPS 204, by its OID", "key-malformed", ml.Alg, derMLDSA65+mlRaw),
	}
}
