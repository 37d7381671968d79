package httpapi

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// The kinds of cursor: its first byte, so that one of another list is refused.
// A cursor is a place and no permission: whoever makes one up still reads
// nothing but their own.
const (
	cursorDocuments = 'd'
	cursorChunks    = 'c'
)

func placeCursor(p ports.Place) string {
	raw := []byte{cursorDocuments}
	raw = binary.BigEndian.AppendUint64(raw, uint64(p.CreatedAt.UnixMicro())) //nolint:gosec // the bits come back as they are
	return base64.RawURLEncoding.EncodeToString(append(raw, p.Document[:]...))
}

// placeOf reads a cursor of documents; "" is the beginning.
func placeOf(cursor string) (*ports.Place, error) {
	if cursor == "" {
		return nil, nil //nolint:nilnil // no place is where a list begins
	}
	raw, err := cursorBytes(cursor, cursorDocuments, 8+len(core.ID{}))
	if err != nil {
		return nil, err
	}
	micro := int64(binary.BigEndian.Uint64(raw)) //nolint:gosec // see placeCursor
	at := time.UnixMicro(micro).UTC()
	if at.Year() < 1 || at.Year() > 9999 {
		return nil, badCursor()
	}
	return &ports.Place{CreatedAt: at, Document: core.ID(raw[8:])}, nil
}

func ordinalCursor(ordinal int) string {
	raw := binary.BigEndian.AppendUint32([]byte{cursorChunks}, uint32(ordinal)) //nolint:gosec // the column is an int4 from 0
	return base64.RawURLEncoding.EncodeToString(raw)
}

// ordinalOf reads a cursor of chunks; "" is the first.
func ordinalOf(cursor string) (int, error) {
	if cursor == "" {
		return 0, nil
	}
	raw, err := cursorBytes(cursor, cursorChunks, 4)
	if err != nil {
		return 0, err
	}
	ordinal := binary.BigEndian.Uint32(raw)
	if ordinal > math.MaxInt32 {
		return 0, badCursor()
	}
	return int(ordinal), nil
}

// cursorBytes takes what a list gives alone: the decoder would pass over line
// breaks.
func cursorBytes(cursor string, kind byte, size int) ([]byte, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || strings.ContainsAny(cursor, "\r\n") || len(raw) != 1+size || raw[0] != kind {
		return nil, badCursor()
	}
	return raw[1:], nil
}

func badCursor() error {
	return invalid(http.StatusUnprocessableEntity, "query.cursor", "the next_cursor of this list's last page")
}

// page cuts one item too many off a page that was read with it, and makes the
// cursor to the next page of that; null says there is none.
func page[T any](items []T, limit int, cursor func(last, next T) string) ([]T, *string) {
	if len(items) <= limit {
		return items, nil
	}
	next := cursor(items[limit-1], items[limit])
	return items[:limit], &next
}
