package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/intake"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// The codes of refusals that have to do with HTTP, beside those of packages
// entry, pledge and intake for what is wrong with a statement.
const (
	codeAddress       entry.Code = "address-unknown"
	codeMethod        entry.Code = "method-not-allowed"
	codeContentType   entry.Code = "content-type-unknown"
	codeEncoding      entry.Code = "content-encoding-unknown"
	codeRequestEmpty  entry.Code = "request-empty"
	codeRequestLarge  entry.Code = "request-too-large"
	codeRequestSlow   entry.Code = "request-too-slow"
	codeRequestIdle   entry.Code = "request-idle"
	codeRequestBroken entry.Code = "request-broken-off"
	codeLineEmpty     entry.Code = "line-empty"
	codeLineLarge     entry.Code = "line-too-large"
	codeRequestLong   entry.Code = "request-too-long"
	codePredecessor   entry.Code = "predecessor-refused"
	codeParamUnknown  entry.Code = "parameter-unknown"
	codeParamTwice    entry.Code = "parameter-repeated"
	codeParam         entry.Code = "parameter-malformed"
	codeEntryUnknown  entry.Code = "entry-unknown"
	codeSignatory     entry.Code = "signatory-unknown"
	codeSize          entry.Code = "size-beyond-log"
	codeFileUnknown   entry.Code = "file-unknown"
	codeRange         entry.Code = "range-not-there"
	codeBusy          entry.Code = "server-busy"
	codeNoSearch      entry.Code = "search-unavailable"
	codeStore         entry.Code = "store-unavailable"
	codeClock         entry.Code = "clock-behind"
	codeWitnesses     entry.Code = "witnesses-missing"
	codeStopped       entry.Code = "log-stopped"
	codeEnding        entry.Code = "server-ending"
	codeNotReady      entry.Code = "not-ready"
	codeInternal      entry.Code = "internal-error"
)

var hints = map[entry.Code]string{
	codeAddress:       "see docs/api.md for the addresses of a log",
	codeMethod:        "use a method that the Allow header names",
	codeContentType:   "send Content-Type: application/json for one statement, application/x-ndjson for many, one a line",
	codeEncoding:      "send the statement without Content-Encoding",
	codeRequestEmpty:  "send {\"statement\":{…}} in the body of the request, with \"body\" beside it where the statement names one",
	codeRequestLarge:  fmt.Sprintf("send at most %d bytes; many statements go as application/x-ndjson, one a line", entry.MaxSubmission),
	codeRequestSlow:   "send the request at once: make it first, then connect",
	codeRequestIdle:   "mend what is refused first, then send the rest in another request",
	codeRequestBroken: "send the request again; what was logged already is answered again, and not logged twice",
	codeLineEmpty:     "leave empty lines out",
	codeLineLarge:     fmt.Sprintf("keep each line under %d bytes, and end it with a line feed", entry.MaxSubmission),
	codeRequestLong:   "send the rest in another request; what was logged already is not logged twice",
	codePredecessor:   "mend the author's refused line first, then send this one again",
	codeParamUnknown:  "leave the parameter out; see docs/api.md for those that exist",
	codeParamTwice:    "give the parameter once",
	codeParam:         "see docs/api.md for the form of the parameter",
	codeEntryUnknown:  "check the index or entry id; a statement is here once a published checkpoint covers it",
	codeSignatory:     "check the id; GET /api/v1/signatories lists those who were admitted",
	codeSize:          "ask for a size up to that of the published log, which GET /checkpoint has",
	codeFileUnknown:   "read the checkpoint for the size of the log: tiles and bodies of later entries do not exist yet",
	codeRange:         "ask for bytes that are there: Content-Range has the size of the file",
	codeNoSearch:      "leave out q, or ask again later; tell the operator",
	codeBusy:          "send it again after the seconds that Retry-After names; nothing is logged twice",
	codeStore:         "tell the operator; send it again later: nothing was kept, and nothing is logged twice",
	codeClock:         "tell the operator; send it again later",
	codeWitnesses:     "send it again later, or tell the operator: witnesses have to vouch for the log before it takes more",
	codeStopped:       "tell the operator: the server's own log has the reason",
	codeEnding:        "send it again in a moment; nothing is logged twice",
	codeNotReady:      "tell the operator: the server's own log has the reason",
	codeInternal:      "send it again; if it stays, tell the operator the incident",
}

// hint says what to do about any code that the API gives.
func hint(c entry.Code) string {
	if h, ok := hints[c]; ok {
		return h
	}
	return intake.Hint(c)
}

// statuses has the codes of refused statements that are not 422, unprocessable.
var statuses = map[entry.Code]int{
	pledge.CodeSeqTaken:     http.StatusConflict,
	pledge.CodeSeqGap:       http.StatusConflict,
	pledge.CodePrevMismatch: http.StatusConflict,

	entry.CodeLeafTooLarge: http.StatusRequestEntityTooLarge,
	entry.CodeBodyTooLarge: http.StatusRequestEntityTooLarge,

	pledge.CodeAuthorUnknown:     http.StatusForbidden,
	pledge.CodeKindNotAllowed:    http.StatusForbidden,
	pledge.CodeStandingEnded:     http.StatusForbidden,
	pledge.CodeLogEnded:          http.StatusForbidden,
	pledge.CodeSignatureUncalled: http.StatusForbidden,
	pledge.CodeSignatureInvalid:  http.StatusForbidden,
	pledge.CodeSignaturesTooFew:  http.StatusForbidden,
	entry.CodeSignatureNotStrict: http.StatusForbidden,

	entry.CodeLeafMalformed:       http.StatusBadRequest,
	entry.CodeEnvelopeMalformed:   http.StatusBadRequest,
	entry.CodePayloadType:         http.StatusBadRequest,
	entry.CodePayloadEmpty:        http.StatusBadRequest,
	entry.CodeBase64:              http.StatusBadRequest,
	entry.CodeSignaturesMalformed: http.StatusBadRequest,
	entry.CodeNotJSON:             http.StatusBadRequest,
	entry.CodeNotCanonical:        http.StatusBadRequest,
	entry.CodeMemberDuplicate:     http.StatusBadRequest,
	entry.CodeMemberUnknown:       http.StatusBadRequest,
	entry.CodeMemberMissing:       http.StatusBadRequest,
	entry.CodeMemberMalformed:     http.StatusBadRequest,
	entry.CodeNumberRange:         http.StatusBadRequest,
	entry.CodeTooDeep:             http.StatusBadRequest,
}

// refuse makes a problem. It is an error.
func refuse(status int, code entry.Code, detail string) *client.Problem {
	title := strings.ReplaceAll(string(code), "-", " ")
	return &client.Problem{
		Type:   client.ProblemURN + string(code),
		Title:  strings.ToUpper(title[:1]) + title[1:],
		Status: status, Code: code, Detail: detail, Hint: hint(code),
	}
}

// refusal makes the problem of a statement that is wrong.
func refusal(code entry.Code, detail string) *client.Problem {
	status, ok := statuses[code]
	if !ok {
		status = http.StatusUnprocessableEntity
	}
	return refuse(status, code, detail)
}

func notReady(err error) *client.Problem {
	if errors.Is(err, intake.ErrClock) {
		return refuse(http.StatusServiceUnavailable, codeClock, intake.ErrClock.Error())
	}
	if errors.Is(err, intake.ErrWitnesses) || errors.Is(err, log.ErrQuorum) {
		return refuse(http.StatusServiceUnavailable, codeWitnesses, "too few witnesses cosign the log just now: statements wait to be published")
	}
	return refuse(http.StatusServiceUnavailable, codeNotReady, "statements are not logged just now")
}

// problemOf turns any error into what the client is told. It is the only place
// that does. An error that nobody foresaw says nothing of the inside: the second
// result is true, and the caller logs it beside the incident's id.
func problemOf(err error) (p *client.Problem, unforeseen bool) {
	var (
		refused   *intake.Refusal
		malformed *entry.Error
	)
	switch {
	case errors.As(err, &p):
		return p, false
	case errors.As(err, &refused):
		p = refusal(refused.Code, refused.Detail)
		if h := refused.Head; h != nil {
			p.Head = &client.Head{Seq: h.Seq, ID: h.Entry}
		}
		return p, false
	case errors.As(err, &malformed):
		return refusal(malformed.Code, malformed.Detail), false
	case errors.Is(err, intake.ErrBusy):
		return refuse(http.StatusServiceUnavailable, codeBusy, "the server has as many statements as it can take"), false
	case errors.Is(err, intake.ErrStore):
		return refuse(http.StatusServiceUnavailable, codeStore, "the server can't keep statements just now"), false
	case errors.Is(err, intake.ErrJump):
		return refuse(http.StatusServiceUnavailable, codeClock, intake.ErrJump.Error()), false
	case errors.Is(err, intake.ErrClock):
		return refuse(http.StatusServiceUnavailable, codeClock, "the server's clock is before its last entry, and it logs nothing until that has passed"), false
	case errors.Is(err, intake.ErrWitnesses):
		return refuse(http.StatusServiceUnavailable, codeWitnesses, "too few witnesses cosign the log for its time to be vouched for"), false
	case errors.Is(err, log.ErrQuorum):
		// The policy was changed, and the new one's witnesses have not cosigned yet.
		return refuse(http.StatusServiceUnavailable, codeWitnesses, "the published checkpoint waits for witnesses of the policy"), false
	case errors.Is(err, intake.ErrStopped), errors.Is(err, log.ErrStopped):
		return refuse(http.StatusServiceUnavailable, codeStopped, "the log takes no statements just now"), false
	case errors.Is(err, index.ErrNoText):
		return refuse(http.StatusServiceUnavailable, codeNoSearch, "texts can't be searched just now"), false
	case errors.Is(err, index.ErrNotFound):
		return refuse(http.StatusNotFound, codeEntryUnknown, "the log has no such entry"), false
	case errors.Is(err, log.ErrNotFound):
		return refuse(http.StatusNotFound, codeFileUnknown, "the log has nothing at this address"), false
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return refuse(http.StatusServiceUnavailable, codeBusy, "it took too long"), false
	}
	p = refuse(http.StatusInternalServerError, codeInternal, "the server failed to answer")
	p.Incident = newIncident()
	return p, true
}

func newIncident() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// problem is problemOf, with what nobody foresaw in the server's log.
func (a *API) problem(r *http.Request, err error) *client.Problem {
	p, unforeseen := problemOf(err)
	if unforeseen {
		a.log.ErrorContext(r.Context(), "request failed", "incident", p.Incident, "path", logPath(r), "error", err.Error())
	}
	return p
}

// fail answers with the problem that err is.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	a.writeProblem(w, r, a.problem(r, err))
}

func (a *API) writeProblem(w http.ResponseWriter, r *http.Request, p *client.Problem) {
	h := w.Header()
	h.Set("Content-Type", client.ProblemType)
	h.Set("Cache-Control", "no-store")
	h.Del("ETag")
	if p.Status == http.StatusServiceUnavailable {
		h.Set("Retry-After", a.retryAfter(p.Code))
	}
	b, err := json.Marshal(p)
	if err != nil {
		// A problem is made of strings and numbers.
		panic(err)
	}
	write(w, r, p.Status, append(b, '\n'))
}

// retryAfter says in seconds when to come back.
func (a *API) retryAfter(c entry.Code) string {
	switch c {
	case codeStopped, codeClock, codeNotReady, codeStore, codeWitnesses, codeNoSearch:
		return "30"
	}
	return "1"
}

// logPath is what of a request's address goes into a log: never the query, and
// not without end.
func logPath(r *http.Request) string {
	const most = 200
	p := r.URL.Path
	if len(p) > most {
		return p[:most] + "…"
	}
	return p
}
