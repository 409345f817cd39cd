package api

import (
	"net/http"
	"os"
	"time"
)

// pacedWrite is how many bytes are written at a time.
const pacedWrite = 64 << 10

// A paced writer writes an answer of any length to whoever reads on. Few such answers are
// written at once, so that one that is read too slowly is broken off: when nothing is read
// for Limits.ReadTime, or when all of it is read more slowly than Limits.Slowest. What the
// server takes to make the answer does not count.
type paced struct {
	w       http.ResponseWriter
	control *http.ResponseController
	limits  Limits
	written int64
	waited  time.Duration // for the client
}

func (a *API) paced(w http.ResponseWriter) *paced {
	return &paced{w: w, control: http.NewResponseController(w), limits: a.limits}
}

func (p *paced) Write(b []byte) (written int, err error) {
	for len(b) > 0 {
		earned := p.limits.ReadTime + time.Duration(p.written/p.limits.Slowest)*time.Second
		if p.waited >= earned {
			return written, os.ErrDeadlineExceeded
		}
		start := time.Now()
		p.control.SetWriteDeadline(start.Add(min(p.limits.ReadTime, earned-p.waited)))
		n, err := p.w.Write(b[:min(len(b), pacedWrite)])
		p.waited += time.Since(start)
		p.written, written = p.written+int64(n), written+n
		if err != nil {
			return written, err
		}
		b = b[n:]
	}
	return written, nil
}
