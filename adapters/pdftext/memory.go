package pdftext

import (
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/tetratelabs/wazero/experimental"
)

// linearMemory is the memory of one instance. Its whole bound is reserved as
// address space and the kernel supplies pages as they are touched: growing
// neither copies nor moves, where wazero's own allocation doubles and leaves
// the old half to the collector.
type linearMemory struct {
	guard  sync.Mutex
	region []byte
}

// Allocate is wazero's hook: max is the bound in bytes.
func (m *linearMemory) Allocate(_, max uint64) experimental.LinearMemory {
	m.guard.Lock()
	defer m.guard.Unlock()
	m.region = reserve(int(max))
	return m
}

// Reallocate makes size bytes usable, or answers nil when they do not fit.
func (m *linearMemory) Reallocate(size uint64) []byte {
	if size > uint64(len(m.region)) {
		return nil
	}
	return m.region[:size]
}

// Free gives the address space back.
func (m *linearMemory) Free() {
	m.guard.Lock()
	defer m.guard.Unlock()
	if m.region != nil {
		release(m.region)
		m.region = nil
	}
}

// stop makes the running module trap at its next loop. It reports whether
// there is a module to stop.
func (m *linearMemory) stop() bool {
	m.guard.Lock()
	defer m.guard.Unlock()
	if m.region == nil {
		return false
	}
	atomic.StoreUint32((*uint32)(unsafe.Pointer(&m.region[stopAddress])), 1) //nolint:gosec // an aligned word of memory we mapped ourselves
	return true
}

// stopAgain is how often a stop is repeated until the module has ended: a
// hostile file that made it write over its own memory could undo one.
const stopAgain = 10 * time.Millisecond

// stopSurely stops the module until it is gone.
func (m *linearMemory) stopSurely() {
	for m.stop() {
		time.Sleep(stopAgain) // spares the processor that the module needs to see the stop
	}
}
