package pdftext

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// stopAddress is the word of the module's memory that ends it when it is not
// zero. The address lies in the unused page below the module's first data.
const stopAddress = 64

// errModuleShape says that the module is not one this package can prepare.
var errModuleShape = errors.New("unexpected WebAssembly")

// stopCheck is the code put at the head of every loop (recursion is bounded by
// the stack's size):
//
//	if (memory[stopAddress] != 0) unreachable
//
// wazero's own WithCloseOnContextDone leaves the compiled code for Go at every
// turn of every loop, which costs three to six times the time of a parse; one
// load and one branch cost nothing that can be measured. A stopped module traps, and a trap
// comes back to Go as an error.
var stopCheck = []byte{
	0x41, 0xc0, 0x00, // i32.const 64
	0x28, 0x02, 0x00, // i32.load
	0x04, 0x40, // if
	0x00, // unreachable
	0x0b, // end
}

const (
	sectionCode = 10
	opBlock     = 0x02
	opLoop      = 0x03
	opIf        = 0x04
)

// makeStoppable returns the module with the stop check in every loop. It refuses a module that holds an instruction it does not know.
func makeStoppable(module []byte) ([]byte, error) {
	const header = 8
	if len(module) < header || string(module[:4]) != "\x00asm" {
		return nil, errModuleShape
	}
	out := append(make([]byte, 0, len(module)+len(module)/4), module[:header]...)
	in := &wasmReader{data: module, at: header}
	for in.at < len(in.data) && !in.bad {
		id := in.byte()
		body := in.take(int(in.leb()))
		if in.bad {
			break
		}
		if id == sectionCode {
			var err error
			if body, err = stoppableCode(body); err != nil {
				return nil, err
			}
		}
		out = append(out, id)
		out = binary.AppendUvarint(out, uint64(len(body)))
		out = append(out, body...)
	}
	if in.bad {
		return nil, errModuleShape
	}
	return out, nil
}

// stoppableCode rewrites the code section: each function body in turn.
func stoppableCode(section []byte) ([]byte, error) {
	in := &wasmReader{data: section}
	count := in.leb()
	out := binary.AppendUvarint(nil, uint64(count))
	for range count {
		body := in.take(int(in.leb()))
		if in.bad {
			return nil, errModuleShape
		}
		body, err := stoppableBody(body)
		if err != nil {
			return nil, err
		}
		out = binary.AppendUvarint(out, uint64(len(body)))
		out = append(out, body...)
	}
	return out, nil
}

// stoppableBody copies one function: its locals, then each instruction, with a
// check after the head of each loop.
func stoppableBody(body []byte) ([]byte, error) {
	in := &wasmReader{data: body}
	for range in.leb() {
		in.leb()
		in.byte()
	}
	if in.bad {
		return nil, errModuleShape
	}
	out := append(make([]byte, 0, len(body)*5/4), body[:in.at]...)
	for in.at < len(body) {
		from := in.at
		op := in.byte()
		if !in.skipImmediates(op) || in.bad {
			return nil, fmt.Errorf("%w: instruction %#x", errModuleShape, op)
		}
		out = append(out, body[from:in.at]...)
		if op == opLoop {
			out = append(out, stopCheck...)
		}
	}
	return out, nil
}
