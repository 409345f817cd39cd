package desk

import (
	"context"
	"sync"
	"time"
)

// A job sends statements, while pages come and go.
type job struct {
	cancel context.CancelFunc
	ended  chan struct{}

	mu       sync.Mutex
	events   []string // texts
	changed  chan struct{}
	err      error
	receipts []*Receipt
}

// patience is how long a log is waited for. Afterwards it can be done again.
const patience = 10 * time.Minute

func (j *job) tell(text string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if n := len(j.events); n > 0 && j.events[n-1] == text {
		return
	}
	j.events = append(j.events, text)
	close(j.changed)
	j.changed = make(chan struct{})
}

// since returns the events from n on, and what is closed when there are more.
func (j *job) since(n int) ([]string, <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.events[n:], j.changed
}

// leave stops waiting. What is under way may be logged all the same.
func (j *job) leave() {
	j.cancel()
	select {
	case <-j.ended:
	case <-time.After(5 * time.Second):
	}
}

// send begins a job. The looks are in the order of their numbers.
func (d *Desk) send(looks []*Look) *job {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	j := &job{cancel: cancel, ended: make(chan struct{}), changed: make(chan struct{})}
	var paths []string
	for _, l := range looks {
		paths = append(paths, l.Path)
	}
	j.tell(texts.Say("sending.begun").Text)
	go func() {
		defer close(j.ended)
		defer cancel()
		err := d.tools.Submit(ctx, paths, func(p Progress) {
			if p.Trouble != "" {
				j.tell(texts.Say("trouble." + string(p.Trouble)).Text)
				return
			}
			j.tell(texts.Say("sending.progress", "done", p.Done, "of", p.Of).Text)
		})
		var receipts []*Receipt
		if err == nil {
			j.tell(texts.Say("sending.checking").Text)
			for _, path := range paths {
				r, e := d.tools.Receipt(path)
				if e != nil {
					err = e
					break
				}
				receipts = append(receipts, r)
			}
		}
		j.mu.Lock()
		j.err, j.receipts = err, receipts
		j.mu.Unlock()
		if err == nil {
			j.tell(texts.Say("sending.done").Text)
		} else {
			j.tell(texts.Say("sending.failed").Text)
		}
	}()
	return j
}

// settle takes in what became of a job that ended.
func (d *Desk) settle(ctx context.Context, s *sitting) {
	select {
	case <-s.job.ended:
	default:
		return
	}
	s.receipts = s.job.receipts
	if err := s.job.err; err != nil {
		s.problems, s.screen = problemsOf(err), onSigned
	} else {
		s.screen, s.news = onDone, "news.logged"
		// What is due now, for the calendar. Without it the receipts are all the same.
		if standing, err := d.tools.Standing(ctx); err == nil {
			s.standing = standing
		}
	}
	s.step++
	s.job = nil
}
