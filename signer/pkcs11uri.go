package signer

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

const pkcs11Prefix = "pkcs11:"

const hintURI = "for example: pkcs11:token=acme;object=acme-1?module-path=/usr/lib/softhsm/libsofthsm2.so"

// A pkcs11URI says which key of which token (RFC 7512), as far as it matters here.
type pkcs11URI struct {
	token, manufacturer, serial, model string
	object, id                         string
	module                             string // path of the token's library
	pinFile                            string // "" to ask for the PIN
}

// parsePKCS11 reads a reference. What it does not understand it refuses: a part that was
// passed over could have meant another key.
func parsePKCS11(ref string) (*pkcs11URI, error) {
	u := new(pkcs11URI)
	refuse := func(hint, format string, args ...any) (*pkcs11URI, error) {
		return nil, wrong(Named, hint, "read the pkcs11 URI: %s", fmt.Sprintf(format, args...))
	}
	if strings.Contains(strings.ToLower(ref), "pin-value") { // wherever it stands, nothing of it is repeated
		return refuse("write the PIN into a file that only you may read, and name it: pin-source=file:/FILE", "it holds a PIN, which whoever lists processes can see")
	}
	kind := ""
	fields := map[string]*string{
		"token": &u.token, "manufacturer": &u.manufacturer, "serial": &u.serial, "model": &u.model,
		"object": &u.object, "id": &u.id, "type": &kind,
		"?module-path": &u.module, "?pin-source": &u.pinFile,
	}
	seen := make(map[string]bool)
	path, query, _ := strings.Cut(strings.TrimPrefix(ref, pkcs11Prefix), "?")
	read := func(mark, part string) error {
		name, text, ok := strings.Cut(part, "=")
		if !ok {
			return wrong(Named, hintURI, "read the pkcs11 URI: a part of it has no value")
		}
		to := fields[mark+name]
		value, err := url.PathUnescape(text)
		switch {
		case to == nil:
			return wrong(Named, hintURI, "read the pkcs11 URI: %q is not known here", name)
		case seen[mark+name]:
			return wrong(Named, hintURI, "read the pkcs11 URI: %s is there twice", name)
		case err != nil, value == "":
			return wrong(Named, hintURI, "read the pkcs11 URI: the value of %s cannot be read", name)
		}
		seen[mark+name], *to = true, value
		return nil
	}
	for mark, list := range map[string][]string{"": strings.Split(path, ";"), "?": strings.Split(query, "&")} {
		for _, part := range list {
			if part == "" && len(list) == 1 {
				continue
			}
			if err := read(mark, part); err != nil {
				return nil, err
			}
		}
	}
	if seen["?pin-source"] {
		u.pinFile = strings.TrimPrefix(strings.TrimPrefix(u.pinFile, "file:"), "//")
	}
	switch {
	case kind != "" && kind != "private":
		return refuse(hintURI, "it names a %q, and a private key signs", kind)
	case u.object == "" && u.id == "":
		return refuse(hintURI, "it names no key, by object or id")
	case u.module == "":
		return refuse(hintURI, "it does not say where the token's library is: module-path")
	case !filepath.IsAbs(u.module):
		return refuse("write the library's whole path", "module-path is not a whole path")
	case seen["?pin-source"] && !filepath.IsAbs(u.pinFile):
		return refuse("write pin-source=file:/FILE", "pin-source is not the whole path of a file")
	}
	return u, nil
}
