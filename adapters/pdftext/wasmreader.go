package pdftext

// wasmReader walks WebAssembly's binary form. bad is set, and stays set, when
// the data ends early.
type wasmReader struct {
	data []byte
	at   int
	bad  bool
}

func (r *wasmReader) byte() byte {
	if r.at >= len(r.data) {
		r.bad = true
		return 0
	}
	r.at++
	return r.data[r.at-1]
}

func (r *wasmReader) take(n int) []byte {
	if n < 0 || n > len(r.data)-r.at {
		r.bad = true
		return nil
	}
	r.at += n
	return r.data[r.at-n : r.at]
}

// leb reads an unsigned LEB128 number of at most 32 bits.
func (r *wasmReader) leb() uint32 {
	var value uint32
	for shift := 0; shift < 35; shift += 7 {
		b := r.byte()
		value |= uint32(b&0x7f) << shift
		if b < 0x80 {
			return value
		}
	}
	r.bad = true
	return 0
}

// skipLebs passes n LEB128 numbers of either sign and any size.
func (r *wasmReader) skipLebs(n int) bool {
	for range n {
		for r.byte() >= 0x80 && !r.bad {
		}
	}
	return true
}

func (r *wasmReader) skip(n int) bool {
	r.take(n)
	return true
}

// skipImmediates passes what follows an opcode of the core specification 2.0.
// It reports false for an opcode it does not know.
func (r *wasmReader) skipImmediates(op byte) bool {
	switch {
	case op <= 0x01, op == 0x05, op == 0x0b, op == 0x0f, op == 0x1a, op == 0x1b:
		return true
	case op == opBlock, op == opLoop, op == opIf, op == 0x0c, op == 0x0d, op == 0x10:
		return r.skipLebs(1)
	case op == 0x0e: // br_table
		return r.skipLebs(int(r.leb()) + 1)
	case op == 0x11: // call_indirect
		return r.skipLebs(2)
	case op == 0x1c: // select with types
		return r.skip(int(r.leb()))
	case op >= 0x20 && op <= 0x26, op == 0xd0, op == 0xd2:
		return r.skipLebs(1)
	case op >= 0x28 && op <= 0x3e: // loads and stores
		return r.skipLebs(2)
	case op >= 0x3f && op <= 0x42:
		return r.skipLebs(1)
	case op == 0x43:
		return r.skip(4)
	case op == 0x44:
		return r.skip(8)
	case op >= 0x45 && op <= 0xc4, op == 0xd1:
		return true
	case op == 0xfc:
		return r.skipBulk(r.leb())
	case op == 0xfd:
		return r.skipVector(r.leb())
	}
	return false
}

// skipBulk passes the operands of saturating conversions, bulk memory and tables.
func (r *wasmReader) skipBulk(op uint32) bool {
	switch {
	case op <= 7:
		return true
	case op == 9, op == 11, op == 13, op >= 15 && op <= 17:
		return r.skipLebs(1)
	case op == 8, op == 10, op == 12, op == 14:
		return r.skipLebs(2)
	}
	return false
}

// skipVector passes the operands of the 128-bit instructions.
func (r *wasmReader) skipVector(op uint32) bool {
	switch {
	case op <= 11, op == 92, op == 93: // loads and stores
		return r.skipLebs(2)
	case op == 12, op == 13: // a constant, a shuffle
		return r.skip(16)
	case op >= 21 && op <= 34: // a lane
		return r.skip(1)
	case op >= 84 && op <= 91: // a load or store of a lane
		return r.skipLebs(2) && r.skip(1)
	}
	return op <= 0xff
}
