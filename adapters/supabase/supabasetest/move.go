package supabasetest

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/insurance-navigator/navigator/core"
)

// copiedRow is the answer of a copy.
type copiedRow struct {
	Key string `json:"Key"`
	ID  string `json:"Id"`
	fullRow
}

// move serves /object/move and /object/copy.
func (s *Server) move(c *call) {
	var body struct {
		Bucket string `json:"bucketId"`
		From   string `json:"sourceKey"`
		To     string `json:"destinationKey"`
	}
	if json.NewDecoder(c.r.Body).Decode(&body) != nil {
		c.fail(errBody)
		return
	}
	c.bucket, c.key = body.Bucket, body.From
	o, ok := s.seenObject(c)
	if !ok {
		return
	}
	copied, err := s.duplicate(o, body.To)
	if err != nil {
		c.settle(err, errDuplicate, nil)
		return
	}
	if strings.HasSuffix(c.r.URL.Path, "/copy") {
		c.json(http.StatusOK, copiedRow{Key: copied.Bucket + "/" + copied.Name, ID: copied.ID, fullRow: showFull(copied)})
		return
	}
	s.vault.remove(body.Bucket, body.From)
	c.json(http.StatusOK, map[string]string{"message": "Successfully moved"})
}

func (s *Server) duplicate(o object, name string) (object, error) {
	file, err := s.vault.open(o)
	if err != nil {
		return object{}, err
	}
	defer file.Close()
	version, _, _, err := s.vault.receive(file)
	if err != nil {
		return object{}, err
	}
	o.ID, o.Version, o.Name = core.NewID().String(), version, name
	o.CreatedAt, o.UpdatedAt = s.opts.Now(), s.opts.Now()
	return s.vault.commit(o, false)
}
