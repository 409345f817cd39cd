package api

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/intake"
)

const (
	// batchLines is how many lines are queued in one go, if so many are there.
	batchLines = 64
	// windowBytes bounds the lines of one request that are on their way.
	windowBytes = 32 << 20
	// allRead is why no further line is read when there is none.
	allRead entry.Code = "all-read"
)

// A lineAnswer is what becomes of one line: a problem that is known already, or
// a ticket to wait for.
type lineAnswer struct {
	line    int
	size    int // of the line, in bytes
	sub     *entry.Submission
	ticket  *intake.Ticket
	problem *client.Problem
	last    bool // the problem ends the request
}

// lines is one request of many statements. One goroutine reads and queues them,
// another waits for each in order and answers.
type lines struct {
	api     *API
	ctx     context.Context
	control *http.ResponseController
	in      *bufio.Reader
	answers chan lineAnswer

	mu      sync.Mutex
	changed sync.Cond // signalled when something is answered, or over
	bytes   int       // of lines on their way
	authors map[lineKey]*lineAuthor
	over    bool          // nobody reads answers any more
	ended   entry.Code    // why no further line is read, "" while lines are
	set     time.Time     // when the read deadline was last set
	readFor time.Duration // how long a line may take
	idle    *time.Timer   // ends the request when no line is taken for long
}

// A lineKey is whose lines follow on each other: an author's in one lane.
type lineKey struct{ author, lane string }

func keyOf(st *entry.Statement) lineKey { return lineKey{st.Author, st.Lane} }

// A lineAuthor is where one author stands within the request, in one lane.
type lineAuthor struct {
	waiting int      // lines on their way
	seq     uint64   // of the last of them
	id      entry.ID // and its entry id
	refused int      // the first line that was refused, 0 when none was
}

// submitMany takes statements one a line, judges them in order, and answers each
// by a line while more arrive (protocol section 8).
func (a *API) submitMany(w http.ResponseWriter, r *http.Request) {
	select {
	case a.streams <- struct{}{}:
		defer func() { <-a.streams }()
	default:
		a.fail(w, r, intake.ErrBusy)
		return
	}
	// The request's own context ends with the first read that takes too long,
	// and then there still are answers to give. A client that is gone shows when
	// they are written.
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	defer cancel()
	s := &lines{
		api: a, ctx: ctx, control: http.NewResponseController(w),
		in: bufio.NewReaderSize(r.Body, 64<<10), answers: make(chan lineAnswer, a.limits.Window),
		authors: make(map[lineKey]*lineAuthor), readFor: a.limits.ReadTime,
	}
	s.changed.L = &s.mu
	// Answers go out while lines come in. What is then left of the body must not
	// be taken for another request, so that the connection ends with this one.
	// (HTTP/2 has neither matter.)
	s.control.EnableFullDuplex()
	w.Header().Set("Connection", "close")
	timer := time.AfterFunc(a.limits.StreamTime, func() { s.end(codeRequestLong) })
	defer timer.Stop()
	// A few requests run at once. One whose lines come to nothing gives its place
	// to others.
	s.idle = time.AfterFunc(a.limits.TakenTime, func() { s.end(codeRequestIdle) })
	defer s.idle.Stop()
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case <-a.drained:
			s.end(codeEnding)
		case <-done:
		}
	}()
	go s.read()
	s.write(w, r)
	// The reader uses the request's body, so it has to be gone before we are.
	cancel()
	s.quit()
	for range s.answers {
	}
}

// end makes the reader stop; lines that it has read are still answered.
func (s *lines) end(why entry.Code) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended == "" {
		s.ended = why
		s.control.SetReadDeadline(time.Unix(1, 0)) // long past
		s.changed.Broadcast()
	}
}

// atEnd notes that everything was read. From here on the connection is only
// watched: a deadline would look like its end.
func (s *lines) atEnd() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended == "" {
		s.ended = allRead
		s.control.SetReadDeadline(time.Time{})
	}
}

// quit makes the reader stop because nobody listens.
func (s *lines) quit() {
	s.end(codeRequestBroken)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	s.changed.Broadcast()
}

// errEnded says that no further line is to be read.
var errEnded = errors.New("the request was ended")

// waitTime gives the next line its time to arrive. It reports whether there is to
// be one.
func (s *lines) waitTime() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended != "" {
		return false
	}
	if now := time.Now(); now.Sub(s.set) > s.readFor/10 {
		s.set = now
		s.control.SetReadDeadline(now.Add(s.readFor))
	}
	return true
}

// read queues line after line. It closes answers when there are no more.
func (s *lines) read() {
	defer close(s.answers)
	defer func() {
		// A request must not end the process.
		if v := recover(); v != nil {
			p := s.api.panicked(s.ctx, "/api/v1/statements", v)
			s.answers <- lineAnswer{problem: p, last: true}
		}
	}()
	var batch []lineAnswer
	held := 0
	for n := 1; ; n++ {
		if n > s.api.limits.Lines {
			s.end(codeRequestLong)
		}
		line, err := []byte(nil), error(errEnded)
		if s.waitTime() {
			line, err = readLine(s.in, entry.MaxSubmission)
		}
		if err == nil || err == io.EOF && len(line) > 0 {
			answer := s.judge(n, line, &batch)
			batch, held = append(batch, answer), held+len(line)
		}
		if err != nil || len(batch) >= batchLines || held > 4<<20 || !s.hasLine() {
			s.send(&batch)
			held = 0
		}
		switch {
		case err == nil:
			continue
		case err == io.EOF:
			s.atEnd()
		default:
			s.answers <- lineAnswer{line: n, problem: s.readProblem(err), last: true}
		}
		return
	}
}

// readProblem says why a line could not be read.
func (s *lines) readProblem(err error) *client.Problem {
	s.mu.Lock()
	why := s.ended
	s.mu.Unlock()
	switch {
	case why == codeEnding:
		return refuse(http.StatusServiceUnavailable, why, "the server is about to end and takes no further line")
	case why == codeRequestIdle:
		return refuse(http.StatusRequestTimeout, why, fmt.Sprintf("no statement of the request was taken for %v", s.api.limits.TakenTime))
	case why == codeRequestLong:
		return refuse(http.StatusRequestEntityTooLarge, why, fmt.Sprintf("a request has at most %d lines and takes at most %v", s.api.limits.Lines, s.api.limits.StreamTime))
	case errors.Is(err, errTooLarge):
		return refuse(http.StatusRequestEntityTooLarge, codeLineLarge, fmt.Sprintf("the line is over %d bytes", entry.MaxSubmission))
	}
	var p *client.Problem
	errors.As(bodyError(err, entry.MaxSubmission), &p)
	return p
}

// hasLine reports whether another whole line has arrived.
func (s *lines) hasLine() bool {
	b, _ := s.in.Peek(s.in.Buffered())
	return bytes.IndexByte(b, '\n') >= 0
}

// readLine returns the next line without its end. The last one may lack it:
// then the error is io.EOF.
func readLine(r *bufio.Reader, limit int) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > limit+1 {
			return nil, errTooLarge
		}
		line = append(line, part...)
		if err == bufio.ErrBufferFull {
			continue
		}
		if err == nil {
			line = line[:len(line)-1]
		}
		return bytes.TrimSuffix(line, []byte("\r")), err
	}
}

// judge parses line n and says whether it can be queued. It may have to wait for
// what is on its way: then batch is sent first.
func (s *lines) judge(n int, line []byte, batch *[]lineAnswer) lineAnswer {
	answer := lineAnswer{line: n, size: len(line)}
	if len(bytes.TrimSpace(line)) == 0 {
		answer.problem = refuse(http.StatusBadRequest, codeLineEmpty, "the line is empty")
		return answer
	}
	sub, err := entry.ParseSubmission(line)
	if err != nil {
		answer.problem, _ = problemOf(err)
		return answer
	}
	answer.sub = sub
	st := sub.Statement
	s.mu.Lock()
	defer s.mu.Unlock()
	author := s.authors[keyOf(st)]
	if author == nil {
		author = new(lineAuthor)
		s.authors[keyOf(st)] = author
	}
	follows := st.Prev == author.id && st.Seq == author.seq+1
	// A line that builds on the one before it is refused if that one is, by the
	// rules themselves. Any other waits until that one's fate is known.
	for !s.over && (author.waiting > 0 && !follows && author.refused == 0 || s.bytes+len(line) > windowBytes && s.bytes > 0) {
		if len(*batch) > 0 {
			s.mu.Unlock()
			s.send(batch)
			s.mu.Lock()
			continue
		}
		s.changed.Wait()
	}
	if author.refused > 0 {
		answer.problem = predecessor(author.refused)
		return answer
	}
	author.waiting, author.seq, author.id = author.waiting+1, st.Seq, st.ID
	s.bytes += len(line)
	return answer
}

func predecessor(line int) *client.Problem {
	return refuse(http.StatusFailedDependency, codePredecessor, fmt.Sprintf("line %d, of the same author and lane, was refused", line))
}

// send queues what of a batch can be, and passes all of it on to be answered.
func (s *lines) send(batch *[]lineAnswer) {
	var subs []*entry.Submission
	for _, answer := range *batch {
		if answer.problem == nil {
			subs = append(subs, answer.sub)
		}
	}
	var tickets []*intake.Ticket
	if len(subs) > 0 && s.ctx.Err() == nil {
		tickets = s.api.cfg.Intake.SubmitAll(s.ctx, subs)
	}
	for _, answer := range *batch {
		if answer.problem == nil && len(tickets) > 0 {
			answer.ticket, tickets = tickets[0], tickets[1:]
		}
		s.answers <- answer
	}
	*batch = (*batch)[:0]
}

// write answers line by line.
func (s *lines) write(w http.ResponseWriter, r *http.Request) {
	begun := false
	var set time.Time
	for answer := range s.answers {
		line := s.resolve(r, answer)
		if line.Problem == nil {
			s.idle.Reset(s.api.limits.TakenTime)
		}
		if now := time.Now(); now.Sub(set) > time.Second {
			set = now
			s.control.SetWriteDeadline(now.Add(s.api.limits.ReadTime + time.Second))
		}
		if !begun && answer.last {
			// Nothing was said yet, so that it can be said plainly.
			s.api.metrics.refused(line.Problem.Code)
			s.api.writeProblem(w, r, line.Problem)
			return
		}
		if !begun {
			begun = true
			h := w.Header()
			h.Set("Content-Type", client.TypeNDJSON)
			h.Set("Cache-Control", "no-store")
			h.Set("X-Content-Type-Options", "nosniff")
			w.WriteHeader(http.StatusOK)
		}
		b, err := json.Marshal(line)
		if err != nil {
			s.api.log.ErrorContext(r.Context(), "could not encode an answer", "error", err.Error())
			return
		}
		if _, err := w.Write(append(b, '\n')); err != nil {
			return
		}
		if err := s.control.Flush(); err != nil {
			return
		}
	}
	s.control.SetWriteDeadline(time.Now().Add(s.api.limits.ReadTime))
	if !begun {
		s.api.fail(w, r, refuse(http.StatusBadRequest, codeRequestEmpty, "the request has no statement"))
	}
}

// resolve waits for what became of a line.
func (s *lines) resolve(r *http.Request, answer lineAnswer) client.Line {
	out := client.Line{Line: answer.line, Problem: answer.problem}
	if answer.last {
		switch answer.problem.Code {
		case codeEnding, codeRequestLong, codeRequestIdle:
			out.Line = 0 // it is about the request
		}
	}
	if answer.problem == nil {
		var receipt *intake.Receipt
		err := error(intake.ErrBusy)
		if answer.ticket != nil {
			receipt, err = answer.ticket.Wait(s.ctx)
		}
		if out.Reply, err = replyOf(receipt, err); err != nil {
			out.Problem = s.api.problem(r, err)
		}
		out.Problem = s.settle(answer, out.Problem)
	}
	if out.Problem != nil {
		out.Status = out.Problem.Status
		s.api.metrics.refused(out.Problem.Code)
		return out
	}
	out.Status = out.Reply.Status
	s.api.metrics.submitted(outcome(out.Reply))
	return out
}

// settle notes what became of an author's line. A refusal that follows another
// one is named after its cause.
func (s *lines) settle(answer lineAnswer, p *client.Problem) *client.Problem {
	s.mu.Lock()
	defer s.mu.Unlock()
	author := s.authors[keyOf(answer.sub.Statement)]
	author.waiting--
	s.bytes -= answer.size
	s.changed.Broadcast()
	switch {
	case p == nil:
		return nil
	case author.refused > 0:
		return predecessor(author.refused)
	}
	author.refused = answer.line
	return p
}
