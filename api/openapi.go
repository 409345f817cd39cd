package api

import (
	_ "embed"
	"net/http"
	"slices"
)

//go:embed openapi/openapi.json
var openAPI []byte

// OpenAPI returns the document that describes the interface, OpenAPI 3.1: what
// GET /openapi.json answers. It is made of openapi/addresses.yaml and the wire types of
// package client, and every request and answer of the tests is held to it.
func OpenAPI() []byte { return slices.Clone(openAPI) }

// openapi answers with the document of the interface.
func (a *API) openapi(w http.ResponseWriter, r *http.Request) {
	open(w)
	a.content(w, r, openAPI, "application/json", cacheMinute, true)
}
