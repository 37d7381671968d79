package injection

import "unicode"

// The tag characters: each stands for an ASCII character and has no shape.
const (
	tagBase  = 0xE0000
	tagFirst = 0xE0020
	tagLast  = 0xE007E
	tagEnd   = 0xE007F
	flag     = 0x1F3F4 // begins the flags of regions, the one use of tag characters
)

// unseenRun is how many characters without a shape stand together for a reason:
// scripts join letters by one or two of them.
const unseenRun = 4

// hidden reports whether a text has characters that a reader cannot see and a
// program reads: tag characters, runs of characters without a shape, and
// overrides of the order in which letters are shown.
func hidden(text string) bool {
	run, region := 0, false
	for _, r := range text {
		switch {
		case r == flag:
			region = true
			continue
		case tag(r):
			if !region {
				return true
			}
			region = r != tagEnd
			continue
		case r == 0x202D || r == 0x202E:
			return true
		case unseen(r):
			if run++; run >= unseenRun {
				return true
			}
		default:
			run = 0
		}
		region = false
	}
	return false
}

func tag(r rune) bool { return r >= tagFirst && r <= tagEnd }

// unseen reports whether a character has no shape of its own: joiners, marks of
// direction, selectors of a shape. The soft hyphen, which readers of PDFs leave
// in words, counts as seen.
func unseen(r rune) bool {
	switch {
	case r < 0x80 || r == 0xAD:
		return false
	case r >= 0xFE00 && r <= 0xFE0F, r >= 0xE0100 && r <= 0xE01EF, r == 0x115F, r == 0x1160, r == 0x3164, r == 0xFFA0:
		return true
	}
	return unicode.Is(unicode.Cf, r)
}
