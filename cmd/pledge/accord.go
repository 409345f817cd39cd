package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// An accord is what the secretariat stated in the log: the charter and what became
// of its terms, who was admitted, with which keys. It is replayed by the rules that
// everybody judges by. Every statement in it is proved to be in the log, if there is
// a policy; that the newest are not left out is the server's word.
type accord struct {
	state  *pledge.State
	amends []*entry.Statement
	items  []*pledge.Item // all of it, in order
}

// accord asks for the secretariat's chain, and for that of an author whose keys
// may have changed since its admission. Entries from before on are left out: what is
// told is how things stood there. Whoever was given a receipt for an entry below
// size is told of it.
func (r *remote) accord(ctx context.Context, author string, size, before uint64) (*accord, error) {
	return r.accordWith(ctx, author, size, before, false)
}

// accordWith is accord, always with all that the author itself stated, or as far as it is needed.
func (r *remote) accordWith(ctx context.Context, author string, size, before uint64, always bool) (*accord, error) {
	items, err := r.chain(ctx, entry.AuthorSecretariat, size)
	if err != nil {
		return nil, err
	}
	whole := []string{entry.AuthorSecretariat}
	if author != "" && author != entry.AuthorSecretariat {
		if !always {
			if always, err = r.keysChanged(ctx, author, items); err != nil {
				return nil, err
			}
		}
		if always {
			own, err := r.chain(ctx, author, size)
			if err != nil {
				return nil, err
			}
			items, whole = append(items, own...), append(whole, author)
		}
	}
	items = slices.DeleteFunc(items, func(it *pledge.Item) bool { return it.Index >= before })
	slices.SortFunc(items, func(a, b *pledge.Item) int { return cmp.Compare(a.Index, b.Index) })
	if len(items) == 0 || items[0].Statement == nil {
		return nil, errors.New("the server gives no charter")
	}
	keys := pledge.NewKeyring()
	for _, it := range items {
		keys.Learn(it.Statement)
	}
	keys.TryAll(items)
	a := &accord{state: pledge.NewPartial(items[0].Statement.Log, whole...), items: items}
	for _, it := range items {
		if v, _ := a.state.Step(it); v.Kind != pledge.Accepted {
			return nil, fmt.Errorf("entry %d, which the server gives as accepted, is %s: %s: %s", it.Index, v.Kind, v.Code, v.Detail)
		}
		if it.Statement.Kind == entry.KindAmend {
			a.amends = append(a.amends, it.Statement)
		}
	}
	return a, nil
}

// clauses returns the entry id of the document whose clauses are in force at a
// moment: the charter, or an amend that states clauses. Later is another one that
// takes its place after that.
func (a *accord) clauses(at int64) (id, later entry.ID) {
	_, id = a.state.Charter()
	for _, st := range a.amends {
		switch b := st.Body.(*entry.Amend); {
		case b.Clauses == nil:
		case b.FromUnix() <= at:
			id = st.ID
		default:
			later = st.ID
		}
	}
	return id, later
}

// keysChanged asks whether an author's keys may be others than those of its
// admission.
func (r *remote) keysChanged(ctx context.Context, author string, secretariat []*pledge.Item) (bool, error) {
	for _, it := range secretariat {
		if it.Statement == nil {
			continue
		}
		if b, ok := it.Statement.Body.(*entry.Admit); ok && b.ID == author && b.Mode != entry.AdmitNew {
			return true, nil
		}
	}
	page, err := r.api.Entries(ctx, client.Query{Author: author, Kind: entry.KindKeys, Limit: 1})
	if err != nil {
		return false, askError("for the keys of "+author, err)
	}
	return len(page.Entries) > 0, nil
}

// chain asks for all that an author stated, as of a size or later.
func (r *remote) chain(ctx context.Context, author string, size uint64) ([]*pledge.Item, error) {
	c, err := r.wholeChain(ctx, author, size)
	if err != nil {
		return nil, err
	}
	items, err := r.linksOf(c, author)
	return slices.DeleteFunc(items, func(it *pledge.Item) bool { return it.Statement.Author != author }), err
}

// wholeChain asks for an author's chain, as of a size or later.
func (r *remote) wholeChain(ctx context.Context, author string, size uint64) (*client.Chain, error) {
	for waited := 0; ; {
		c, err := r.chains.Chain(ctx, author)
		if err != nil {
			return nil, askError("for the statements of "+author, err)
		}
		if c.Size >= size {
			return c, nil
		}
		if waited++; waited > int(lagLimit/lagPause) {
			return nil, commandline.Undecided(fmt.Errorf("the log has %d entries and its answers cover %d", size, c.Size), "run the same command again later")
		}
		if err := r.app.sleep(ctx, lagPause); err != nil {
			return nil, commandline.Undecided(err, askAgain)
		}
	}
}

// linksOf reads the statements of a chain, in order, and wants each to be proved under
// the policy.
func (r *remote) linksOf(c *client.Chain, author string) ([]*pledge.Item, error) {
	var view *log.View
	if r.policy != nil {
		var err error
		if view, err = r.policy.Open([]byte(c.Checkpoint)); err != nil {
			return nil, fmt.Errorf("the statements of %s: %w", author, err)
		}
		if view.Checkpoint.Size != c.Size {
			return nil, fmt.Errorf("the statements of %s: the server says %d entries, and its checkpoint %d", author, c.Size, view.Checkpoint.Size)
		}
	}
	var items []*pledge.Item
	for _, link := range c.Entries {
		it, err := readLink(view, link)
		if err != nil {
			return nil, fmt.Errorf("the statements of %s: %w", author, err)
		}
		items = append(items, it)
	}
	return items, nil
}

// readLink reads one link of a chain; view is nil when nothing can be proved.
func readLink(view *log.View, link client.ChainLink) (*pledge.Item, error) {
	if view != nil {
		path := make([]log.Hash, len(link.Path))
		for i, h := range link.Path {
			if len(h) != len(path[i]) {
				return nil, fmt.Errorf("entry %d has a proof in another form", link.Index)
			}
			copy(path[i][:], h)
		}
		if err := log.VerifyInclusion(link.Index, view.Checkpoint.Size, log.LeafHash(link.Leaf), view.Checkpoint.Root, path); err != nil {
			return nil, err
		}
	}
	it := pledge.Read(link.Index, link.Leaf)
	if it.Statement == nil {
		return nil, fmt.Errorf("read entry %d: %w", link.Index, it.Err)
	}
	return it, nil
}

// everything is a bound of accord that leaves nothing out.
const everything = math.MaxUint64

// askError says what is to be thought of an error from the query layer.
func askError(what string, err error) error {
	var problem *client.Problem
	if errors.Is(err, client.ErrAnswer) || errors.As(err, &problem) && problem.IsRefusal() {
		return fmt.Errorf("ask %s: %w", what, err)
	}
	return commandline.Undecided(fmt.Errorf("ask %s: %w", what, err), "run the same command again later")
}
