package desk

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net"
	"net/http"
	"strings"
)

// policy is the Content-Security-Policy of every page but the public ones.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// publicPolicy is that of a draft's public page: it has a style of its own and nothing else, and
// only the desk may frame it.
func publicPolicy(page []byte) string {
	policy := "default-src 'none'; "
	if _, after, ok := strings.Cut(string(page), "<style>"); ok {
		style, _, _ := strings.Cut(after, "</style>")
		digest := sha256.Sum256([]byte(style))
		policy += "style-src 'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) + "'; "
	}
	return policy + "sandbox; form-action 'none'; frame-ancestors 'self'; base-uri 'none'"
}

func newSecret() string {
	b := make([]byte, 32)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// headers are on every answer, refusals too.
func headers(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", policy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
}

// A guard lets some requests through to a handler.
type guard func(address string, next http.Handler) http.Handler

// guarded holds every request to what the desk's own pages send: the address under
// which it was opened, so that no name that points at this machine will do; two methods; nothing
// that another page sends.
func guarded(address string, next http.Handler) http.Handler {
	return ownHost(address, ownPages(address, next))
}

// ownHost refuses what is not sent to the address in numbers: a name that points at this
// machine makes of another page one of the same origin.
func ownHost(address string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers(w.Header())
		if r.Host != address {
			refuse(w, http.StatusMisdirectedRequest, "refused.host")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ownPages refuses what another page sends: its forms and its scripts' requests, and what
// it would show or load of the desk. A link to the desk in another page may be followed: so the file with the
// token is opened.
func ownPages(_ string, next http.Handler) http.Handler {
	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusForbidden, "refused.origin") }))
	next = origin.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers(w.Header())
		switch {
		case r.Method != http.MethodGet && r.Method != http.MethodPost:
			w.Header().Set("Allow", "GET, POST")
			refuse(w, http.StatusMethodNotAllowed, "refused.method")
		case r.Method == http.MethodGet && isLoaded(r):
			refuse(w, http.StatusForbidden, "refused.origin")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// isLoaded reports whether another page loads what is asked for, into itself or for its
// script. Browsers say so since 2020, Safari since 2023; without a word it is not known.
func isLoaded(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return false
	}
	return r.Header.Get("Sec-Fetch-Mode") != "navigate" || r.Header.Get("Sec-Fetch-Dest") != "document"
}

// IsLoopback reports whether nobody on another machine can reach an address.
func IsLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host) // no name: what it points at may change
	return ip != nil && ip.IsLoopback()
}
