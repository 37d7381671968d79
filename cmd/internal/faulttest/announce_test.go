package faulttest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/audit"
)

// pathAnnounce takes announcements of files that are sent to the storage.
const pathAnnounce = "/api/upload-pipeline/upload"

// announce announces a file until that is answered, and gives where to send it.
func (c *client) announce(ctx context.Context, size int) (id core.ID, address string, err error) {
	body, _ := json.Marshal(map[string]any{"filename": "policy.pdf", "bytes_len": size, "mime": "application/pdf"}) // plain values: it cannot fail
	header := http.Header{"Content-Type": {"application/json"}, "Idempotency-Key": {core.NewID().String()}}
	r, err := again(ctx, func() (reply, error) {
		r, err := c.send(ctx, http.MethodPost, pathAnnounce, header, body)
		if err == nil && r.status == http.StatusConflict && r.text("code") == string(core.CodeIdempotencyInUse) {
			err = errAgain
			if lease := c.lease(ctx); lease != nil {
				err = lease
			}
		}
		return r, err
	})
	if err == nil && r.status != http.StatusOK {
		err = fmt.Errorf("the announcement answered %d %s", r.status, r.text("code"))
	}
	if err != nil {
		return id, "", err
	}
	id, err = core.ParseID(r.text("document_id"))
	return id, r.text("signed_url"), err
}

// put sends the file to the storage, as the answer to the announcement says.
func (c *client) put(ctx context.Context, address string, content []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, address, bytes.NewReader(content))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/pdf")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	if err := response.Body.Close(); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the storage answered %d to the file", response.StatusCode)
	}
	return nil
}

// sentIt says that the file was sent, until that is answered. From then on the
// document is promised.
func (c *client) sentIt(ctx context.Context, id core.ID) error {
	_, err := again(ctx, func() (reply, error) {
		r, err := c.send(ctx, http.MethodPost, pathAnnounce+"/"+id.String()+"/complete", nil, nil)
		if err == nil && r.status >= http.StatusMultipleChoices {
			err = fmt.Errorf("the word that the file was sent answered %d %s", r.status, r.text("code"))
		}
		return r, err
	})
	if err == nil {
		c.diary.note(audit.OpUpload, id, "", audit.OK)
	}
	return err
}
