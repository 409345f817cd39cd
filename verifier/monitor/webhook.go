package monitor

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// The headers of a webhook's request. The signature is "v1=" and the HMAC-SHA256, in
// lower-case hex, of the time stamp, a full stop and the body.
const (
	HeaderTimestamp = "Pledgelog-Timestamp" // Unix seconds
	HeaderSignature = "Pledgelog-Signature"
	HeaderKey       = "Idempotency-Key" // the alarm's id and event: a repeat has the same
)

// A webhook sends each alarm in a POST.
type webhook struct {
	sink   *Sink
	client *http.Client
}

func newWebhook(s *Sink, limits Limits) *webhook { return &webhook{s, plainClient(limits)} }

// plainClient makes requests that are followed nowhere else.
func plainClient(limits Limits) *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxResponseHeaderBytes = 64 << 10
	t.TLSClientConfig = &tls.Config{RootCAs: limits.Roots, MinVersion: tls.VersionTLS12}
	return &http.Client{Transport: t, CheckRedirect: noRedirect}
}

// Sign is the value of HeaderSignature.
func Sign(secret []byte, timestamp int64, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write(strconv.AppendInt(nil, timestamp, 10))
	mac.Write([]byte{'.'})
	mac.Write(body)
	return "v1=" + hex.EncodeToString(mac.Sum(nil))
}

func (w *webhook) send(ctx context.Context, alarms []*Alarm) error {
	a := *alarms[0]
	a.EvidenceURL = w.sink.evidenceAt(&a)
	body, err := a.JSON()
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.sink.url.reveal(), bytes.NewReader(body))
	if err != nil {
		return errors.New("its address can't be used")
	}
	now := time.Now().Unix()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set(HeaderKey, a.what())
	req.Header.Set(HeaderTimestamp, strconv.FormatInt(now, 10))
	if key := w.sink.secret.reveal(); key != "" {
		req.Header.Set(HeaderSignature, Sign([]byte(key), now, body))
	}
	status, err := ask(w.client, req)
	switch {
	case err != nil:
		return err
	case status/100 == 2:
		return nil
	case status == http.StatusBadRequest, status == http.StatusRequestEntityTooLarge, status == http.StatusUnprocessableEntity, status == http.StatusUnsupportedMediaType:
		return &refusal{fmt.Errorf("status %d", status)}
	}
	return fmt.Errorf("status %d", status)
}

const userAgent = "pledge-verify-monitor (+https://github.com/pledgelog/pledgelog)"

// ask makes a request and takes in a little of the answer. Its error does not name the
// address, which may be secret.
func ask(client *http.Client, req *http.Request) (status int, err error) {
	resp, err := client.Do(req)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err
		}
		return 0, err
	}
	defer resp.Body.Close()
	io.CopyN(io.Discard, resp.Body, 4<<10)
	return resp.StatusCode, nil
}
