package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/pledgelog/pledgelog/entry"
)

// get asks for a JSON answer.
func get[T any](ctx context.Context, c *Client, path string, query url.Values) (*T, error) {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	_, b, err := c.do(ctx, call{method: http.MethodGet, path: path, accept: "application/json"})
	if err != nil {
		return nil, err
	}
	v, err := decode[T](b)
	if err != nil {
		return nil, fmt.Errorf("GET %s%s: %w", c.base, path, err)
	}
	return v, nil
}

// Entry returns one entry by its entry id.
func (c *Client) Entry(ctx context.Context, id entry.ID) (*EntryAnswer, error) {
	return get[EntryAnswer](ctx, c, "api/v1/entries/"+id.String(), nil)
}

// EntryAt returns one entry by its index.
func (c *Client) EntryAt(ctx context.Context, index uint64) (*EntryAnswer, error) {
	return get[EntryAnswer](ctx, c, "api/v1/entries/"+strconv.FormatUint(index, 10), nil)
}

// Proof returns the tlog-proof of an entry under the newest checkpoint, with the
// leaf in its extra line. It is not verified.
func (c *Client) Proof(ctx context.Context, id entry.ID) ([]byte, error) {
	_, b, err := c.do(ctx, call{method: http.MethodGet, path: "api/v1/entries/" + id.String() + "/proof", accept: "text/plain"})
	return b, err
}

// Signatory returns how one author stands: a signatory, a challenger or
// "secretariat".
func (c *Client) Signatory(ctx context.Context, id string) (*SignatoryAnswer, error) {
	return get[SignatoryAnswer](ctx, c, "api/v1/signatories/"+url.PathEscape(id), nil)
}

// Signatories returns every signatory and challenger, in order of admission.
func (c *Client) Signatories(ctx context.Context) (*SignatoryList, error) {
	return get[SignatoryList](ctx, c, "api/v1/signatories", nil)
}

// Chain returns all that an author said, with its proofs.
func (c *Client) Chain(ctx context.Context, id string) (*Chain, error) {
	return get[Chain](ctx, c, "api/v1/signatories/"+url.PathEscape(id)+"/chain", nil)
}

// Charter returns the charter, which is entry 0, and its entry id.
func (c *Client) Charter(ctx context.Context) (*entry.Charter, entry.ID, error) {
	a, err := c.EntryAt(ctx, 0)
	if err != nil {
		return nil, entry.ID{}, fmt.Errorf("ask for the charter: %w", err)
	}
	leaf, err := entry.ParseLeaf(a.Leaf)
	if err != nil {
		return nil, entry.ID{}, fmt.Errorf("read entry 0: %w", err)
	}
	st, err := entry.ParseStatement(leaf.Statement)
	if err != nil {
		return nil, entry.ID{}, fmt.Errorf("read entry 0: %w", err)
	}
	charter, ok := st.Body.(*entry.Charter)
	if !ok {
		return nil, entry.ID{}, fmt.Errorf("entry 0 is of kind %s, not a charter: %w", st.Kind, ErrAnswer)
	}
	return charter, st.ID, nil
}

// Vocabulary returns the codes that the server knows, and its law cards.
func (c *Client) Vocabulary(ctx context.Context) (*VocabularyAnswer, error) {
	return get[VocabularyAnswer](ctx, c, "api/v1/vocabulary", nil)
}

// Stats returns what was logged, counted.
func (c *Client) Stats(ctx context.Context) (*StatsAnswer, error) {
	return get[StatsAnswer](ctx, c, "api/v1/stats", nil)
}

// Countries returns the countries that requests are attributed to by their authors, with
// how many requests.
func (c *Client) Countries(ctx context.Context) (*CountryList, error) {
	return get[CountryList](ctx, c, "api/v1/countries", nil)
}
