package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// maxParameter bounds the value of a parameter, in bytes.
const maxParameter = 1000

// parameters reads the query of an address: each of the names at most once, and
// no others.
func parameters(r *http.Request, names ...string) (url.Values, error) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, codeParam, "the query of the address can't be read")
	}
	for name, values := range q {
		switch {
		case !slices.Contains(names, name):
			return nil, unknownParameter(name, names)
		case len(values) > 1:
			return nil, refuse(http.StatusBadRequest, codeParamTwice, "the parameter "+name+" is there twice")
		case values[0] == "" || len(values[0]) > maxParameter:
			return nil, badParameter(name, fmt.Sprintf("has 1 to %d bytes", maxParameter))
		}
	}
	return q, nil
}

func unknownParameter(name string, names []string) error {
	return refuse(http.StatusBadRequest, codeParamUnknown, fmt.Sprintf("the address takes no parameter %q%s", clip(name), listed(names)))
}

// listed says which parameters there are.
func listed(names []string) string {
	if len(names) == 0 {
		return ", and no other"
	}
	return "; it takes " + strings.Join(names, ", ")
}

func badParameter(name, want string) error {
	return refuse(http.StatusBadRequest, codeParam, fmt.Sprintf("the parameter %s %s", name, want))
}

// limit reads the parameter of that name: how many things a page has.
func limit(q url.Values, standard, most int) (int, error) {
	v := q.Get("limit")
	if v == "" {
		return standard, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > most || strconv.Itoa(n) != v {
		return 0, badParameter("limit", fmt.Sprintf("is a number from 1 to %d", most))
	}
	return n, nil
}

// parseIndex reads the index of an entry, as it is written: decimal, without
// leading zeros.
func parseIndex(s string) (uint64, bool) {
	n, err := strconv.ParseUint(s, 10, 63)
	return n, err == nil && strconv.FormatUint(n, 10) == s
}
