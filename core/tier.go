package core

import (
	"strings"
	"time"
)

// Tier is one of the two places in which a document's file may lie.
type Tier string

// The tiers. Everything is stored hot; what nobody reads for long goes cold.
const (
	Hot  Tier = "hot"
	Cold Tier = "cold"
)

// coldPrefix begins the key of everything cold: the key alone says where its
// object lies. The database's upload_pipeline.other_place says the same.
const coldPrefix = "cold/"

// TierOf is where the object of a key lies.
func TierOf(key string) Tier {
	if strings.HasPrefix(key, coldPrefix) {
		return Cold
	}
	return Hot
}

// InTier is the key that a key's object has in a tier.
func InTier(key string, tier Tier) string {
	key = strings.TrimPrefix(key, coldPrefix)
	if tier == Cold {
		return coldPrefix + key
	}
	return key
}

// OtherPlace is the key that the object would have in the other tier.
func OtherPlace(key string) string {
	if TierOf(key) == Cold {
		return InTier(key, Hot)
	}
	return InTier(key, Cold)
}

// FileMove is a document's file on its way from one tier to the other.
type FileMove struct {
	Document    ID
	User        ID
	From, To    string // keys
	ContentType string
	Size        int64
	SHA256      [32]byte
}

// MoveTime bounds one run of a move. Nothing of it is written later, so a
// deletion waits for a move that long and no longer.
const MoveTime = time.Minute
