//go:build !linux && !darwin && !freebsd && !netbsd && !openbsd && !dragonfly && !windows

package main

import (
	"errors"
	"io"
)

// holdDesk: a folder can't be held here.
func holdDesk(string) (held io.Closer, taken bool, err error) {
	return nil, false, errors.ErrUnsupported
}
