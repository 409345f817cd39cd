package monitor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/pledgelog/pledgelog/atom"
	"github.com/pledgelog/pledgelog/atomicfile"
	"github.com/pledgelog/pledgelog/entry"
)

// maxFeed is how many alarms of each class a feed has: the newest. Misbehaviour that is
// open stays beyond them.
const maxFeed = 200

// feedFile keeps a feed's entries beside the state: the feed itself may be taken away.
func (h *hub) feedFile(s *Sink) string { return filepath.Join(h.m.cfg.State, "feed-"+s.Name+".json") }

// A feedList is what a feed has, newest first.
type feedList struct {
	Alarms []*Alarm `json:"alarms"`
}

// feed adds alarms to a feed and writes it.
func (h *hub) feed(s *Sink, alarms []*Alarm) error {
	var list feedList
	if _, err := readJSON(h.feedFile(s), &list); err != nil {
		return err
	}
	for _, a := range alarms {
		if !s.wants(a) {
			continue
		}
		same := func(b *Alarm) bool { return b.ID == a.ID && b.Event == a.Event }
		if !slices.ContainsFunc(list.Alarms, same) {
			list.Alarms = slices.Insert(list.Alarms, 0, a)
		}
	}
	if err := h.prune(&list, alarms); err != nil {
		return err
	}
	b, err := atomFeed(s, h.m.cfg, list.Alarms)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(s.File), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("write feed: %w", err)
	}
	if err := atomicfile.Write(s.File, b, 0o644); err != nil {
		return fmt.Errorf("write feed: %w", err)
	}
	return writeJSON(h.feedFile(s), list)
}

// prune leaves a place to each class, so that many of one push out none of another.
// Misbehaviour that is open and that nobody acknowledged is left out at no time. What is
// open the states say; those do not have yet what is being told.
func (h *hub) prune(list *feedList, told []*Alarm) error {
	count := make(map[Class]int)
	for _, a := range list.Alarms {
		count[a.Class]++
	}
	open := make(map[string]bool)
	if count[Misbehaviour] > maxFeed {
		all, err := h.m.cfg.Open()
		if err != nil {
			return err
		}
		for _, a := range all {
			open[a.ID] = !a.Acknowledged
		}
		for _, a := range told {
			open[a.ID] = a.Event == Raised
		}
	}
	clear(count)
	list.Alarms = slices.DeleteFunc(list.Alarms, func(a *Alarm) bool {
		count[a.Class]++
		return count[a.Class] > maxFeed && !(a.Class == Misbehaviour && a.Event == Raised && open[a.ID])
	})
	return nil
}

// atomFeed writes a feed (RFC 4287).
func atomFeed(s *Sink, cfg *Config, alarms []*Alarm) ([]byte, error) {
	parts := []string{s.Name}
	for _, l := range cfg.Logs {
		parts = append(parts, l.origin)
	}
	f := atom.Feed{ID: "urn:pledgelog:monitor:" + id(parts...), Title: "Alarms of pledge-verify monitor", Author: "pledge-verify monitor"}
	if s.Link != "" {
		f.Links = []atom.Link{{Rel: "self", Href: s.Link}}
	}
	for _, a := range alarms {
		when, err := entry.ParseTime(a.Time)
		if err != nil {
			return nil, fmt.Errorf("write feed: alarm %s: %w", a.ID, err)
		}
		f.Updated = max(f.Updated, when)
		a = s.public(a, cfg)
		var links []atom.Link
		if a.EvidenceURL != "" {
			links = []atom.Link{{Rel: "enclosure", Href: a.EvidenceURL}}
		}
		f.Entries = append(f.Entries, atom.Entry{Links: links,
			ID: "urn:pledgelog:alarm:" + a.ID + ":" + string(a.Event), Title: a.Title(), Updated: when,
			Categories: []string{string(a.Class), string(a.Code)}, Content: atom.Content{Type: "text", Text: a.letter()},
		})
	}
	return f.Marshal()
}
