package pdftext

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// errTrap is a fault inside the module: its state is unknown from then on.
var errTrap = errors.New("pdfium trapped")

// instance is the module at work on one document, for one goroutine.
type instance struct {
	ctx       context.Context
	mod       api.Module
	memory    *linearMemory
	file      guestFile
	inside    context.Context //nolint:containedctx // the module's own: it carries the file to the host
	unwatch   func() bool
	functions map[string]api.Function
	stack     [8]uint64
}

// start makes an instance that stops when ctx ends. The caller closes it.
func (e *Engine) start(ctx context.Context) (*instance, error) {
	memory := &linearMemory{}
	// The module itself never sees ctx: the stop word is cheaper.
	quiet := experimental.WithMemoryAllocator(context.WithoutCancel(ctx), memory)
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions()
	mod, err := e.code.runtime.InstantiateModule(quiet, e.code.guest, config)
	if err != nil {
		return nil, fmt.Errorf("start pdfium: %w", err)
	}
	in := &instance{ctx: ctx, mod: mod, memory: memory, functions: map[string]api.Function{}}
	in.inside = in.file.inside()
	in.unwatch = context.AfterFunc(ctx, memory.stopSurely)
	// The C library's constructors need the stack, PDFium needs both.
	for _, name := range []string{"emscripten_stack_init", "__wasm_call_ctors", "FPDF_InitLibrary"} {
		if _, err := in.call(name); err != nil {
			in.close()
			return nil, err
		}
	}
	return in, nil
}

func (in *instance) close() {
	in.unwatch()
	_ = in.mod.Close(context.WithoutCancel(in.ctx))
}

// call runs an exported function. Its error is the context's when that has
// ended, that of the file's reading, and errTrap otherwise.
func (in *instance) call(name string, args ...uint64) (uint64, error) {
	f, ok := in.functions[name]
	if !ok {
		if f = in.mod.ExportedFunction(name); f == nil {
			return 0, fmt.Errorf("%w: no %s", errModuleShape, name)
		}
		in.functions[name] = f
	}
	in.stack[0] = 0
	copy(in.stack[:], args)
	err := f.CallWithStack(in.inside, in.stack[:])
	if in.file.fault != nil {
		return 0, in.file.fault
	}
	if err != nil {
		if in.ctx.Err() != nil {
			return 0, fmt.Errorf("read the document: %w", context.Cause(in.ctx))
		}
		return 0, fmt.Errorf("%w in %s", errTrap, name)
	}
	return in.stack[0], nil
}

// number calls a function that answers an int, and gives it with its sign.
func (in *instance) number(name string, args ...uint64) (int, error) {
	value, err := in.call(name, args...)
	return int(int32(uint32(value))), err
}

// alloc reserves n bytes of the module's memory. There is no free: the
// instance ends with its document.
func (in *instance) alloc(n int) (uint32, error) {
	at, err := in.call("malloc", uint64(n))
	if err != nil {
		return 0, err
	}
	if at == 0 {
		return 0, errNoMemory
	}
	return uint32(at), nil
}

var errNoMemory = errors.New("the document needs more memory than allowed")

func (in *instance) bytes(at uint32, n int) []byte {
	data, _ := in.mod.Memory().Read(at, uint32(n))
	return data
}

func (in *instance) float32(at uint32) float64 {
	bits, _ := in.mod.Memory().ReadUint32Le(at)
	return float64(math.Float32frombits(bits))
}

func (in *instance) float64(at uint32) float64 {
	value, _ := in.mod.Memory().ReadFloat64Le(at)
	return value
}

// utf16 reads n code units.
func (in *instance) utf16(at uint32, n int) []uint16 {
	data := in.bytes(at, 2*n)
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(data[2*i:])
	}
	return units
}
