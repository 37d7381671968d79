package pdftext

import (
	"context"
	"errors"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/emscripten"
)

const (
	i32 = api.ValueTypeI32
	f64 = api.ValueTypeF64

	wasmPage = 64 << 10
	noEntry  = ^uint32(43) // -ENOENT: other files do not exist for the module
	badFile  = 8           // WASI errno badf
)

// errGuestAbort is what the module's own abort and failed assertions raise.
var errGuestAbort = errors.New("pdfium aborted")

// hostFunc is one function the module imports: its shape and what it does.
type hostFunc struct {
	name    string
	params  []api.ValueType
	results []api.ValueType
	run     api.GoModuleFunc
}

// ints returns n parameters of type i32.
func ints(n int) []api.ValueType {
	types := make([]api.ValueType, n)
	for i := range types {
		types[i] = i32
	}
	return types
}

// answer is a function that does nothing and returns one constant.
func answer(value uint32) api.GoModuleFunc {
	return func(_ context.Context, _ api.Module, stack []uint64) { stack[0] = uint64(value) }
}

func nothing(context.Context, api.Module, []uint64) {}

func abort(context.Context, api.Module, []uint64) { panic(errGuestAbort) }

// envFuncs are the emscripten imports. The module gets no file but its document,
// no terminal and no time zone; the clock stands still, so extraction is deterministic.
func envFuncs() []hostFunc {
	missing := func(name string, params int) hostFunc {
		return hostFunc{name, ints(params), ints(1), answer(noEntry)}
	}
	return []hostFunc{
		{"_tzset_js", ints(4), nil, nothing},
		{"_localtime_js", ints(3), nil, nothing},
		{"_gmtime_js", ints(3), nil, nothing},
		{"_abort_js", nil, nil, abort},
		{"__assert_fail", ints(4), nil, abort},
		{"_emscripten_memcpy_js", ints(3), nil, copyMemory},
		{"emscripten_date_now", nil, []api.ValueType{f64}, stillClock},
		{"emscripten_resize_heap", ints(1), ints(1), resizeHeap},
		{"__syscall_openat", ints(4), ints(1), openFile},
		missing("__syscall_fcntl64", 3),
		missing("__syscall_ioctl", 3),
		{"__syscall_fstat64", ints(2), ints(1), statFile},
		missing("__syscall_stat64", 2),
		missing("__syscall_newfstatat", 4),
		missing("__syscall_lstat64", 2),
		missing("__syscall_getdents64", 3),
		missing("__syscall_unlinkat", 3),
		missing("__syscall_rmdir", 1),
		missing("__syscall_ftruncate64", 3),
	}
}

// wasiFuncs are the WASI imports. They are ours, not wazero's, because this
// build passes fd_seek its offset as two i32: five parameters instead of four.
func wasiFuncs() []hostFunc {
	return []hostFunc{
		{"fd_close", ints(1), ints(1), answer(badFile)},
		{"fd_sync", ints(1), ints(1), answer(badFile)},
		{"fd_write", ints(4), ints(1), answer(badFile)},
		{"fd_read", ints(4), ints(1), readFile},
		{"fd_seek", ints(5), ints(1), seekFile},
		{"environ_get", ints(2), ints(1), answer(0)},
		{"environ_sizes_get", ints(2), ints(1), emptyEnvironment},
	}
}

func copyMemory(_ context.Context, mod api.Module, stack []uint64) {
	to, from, n := uint32(stack[0]), uint32(stack[1]), uint32(stack[2])
	if data, ok := mod.Memory().Read(from, n); !ok || !mod.Memory().Write(to, data) {
		panic(errGuestAbort)
	}
}

var clockStart = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func stillClock(_ context.Context, _ api.Module, stack []uint64) {
	stack[0] = api.EncodeF64(float64(clockStart.UnixMilli()))
}

// resizeHeap grows the memory to at least the size asked for, an eighth more
// when that still fits the limit, and answers 0 when it does not fit.
func resizeHeap(_ context.Context, mod api.Module, stack []uint64) {
	mem, want := mod.Memory(), stack[0]&0xffffffff
	have := uint64(mem.Size())
	stack[0] = 0
	for _, size := range []uint64{want + have/8, want} {
		if size <= have {
			stack[0] = 1
			return
		}
		if _, ok := mem.Grow(uint32((size - have + wasmPage - 1) / wasmPage)); ok {
			stack[0] = 1
			return
		}
	}
}

func emptyEnvironment(_ context.Context, mod api.Module, stack []uint64) {
	count, size := uint32(stack[0]), uint32(stack[1])
	mod.Memory().WriteUint32Le(count, 0)
	mod.Memory().WriteUint32Le(size, 0)
	stack[0] = 0
}

// linkHost gives the runtime the two modules the compiled guest imports.
func linkHost(ctx context.Context, rt wazero.Runtime, guest wazero.CompiledModule) error {
	env := rt.NewHostModuleBuilder("env")
	invokers, err := emscripten.NewFunctionExporterForModule(guest)
	if err != nil {
		return err
	}
	invokers.ExportFunctions(env)
	if err := export(ctx, env, envFuncs()); err != nil {
		return err
	}
	return export(ctx, rt.NewHostModuleBuilder("wasi_snapshot_preview1"), wasiFuncs())
}

func export(ctx context.Context, builder wazero.HostModuleBuilder, funcs []hostFunc) error {
	for _, f := range funcs {
		builder.NewFunctionBuilder().WithGoModuleFunction(f.run, f.params, f.results).Export(f.name)
	}
	_, err := builder.Instantiate(ctx)
	return err
}
