package main

import (
	"container/heap"
	"time"
)

// engine runs events in the order of their time.
type engine struct {
	now    time.Duration
	events queue
	number int
}

type event struct {
	at     time.Duration
	number int // of two at one time the first made is the first run
	run    func()
}

type queue []event

func (q queue) Len() int      { return len(q) }
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(event)) } //nolint:forcetypeassert // heap hands back what it was given
func (q queue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].number < q[j].number
}

// Pop is heap.Interface.
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// after runs something so much later.
func (e *engine) after(wait time.Duration, run func()) {
	e.number++
	heap.Push(&e.events, event{at: e.now + wait, number: e.number, run: run})
}

// step runs the next event.
func (e *engine) step() {
	next := heap.Pop(&e.events).(event) //nolint:forcetypeassert // its one type
	e.now = next.at
	next.run()
}

// until runs all events up to a time.
func (e *engine) until(end time.Duration) {
	for len(e.events) > 0 && e.events[0].at <= end {
		e.step()
	}
	e.now = end
}

// room is so many places; who finds none waits in line.
type room struct {
	engine  *engine
	places  int // 0: without end
	taken   int
	waiting []func()
	busy    time.Duration // places taken times how long
	since   time.Duration
}

func (r *room) note() {
	r.busy += time.Duration(r.taken) * (r.engine.now - r.since)
	r.since = r.engine.now
}

// take goes on with then once a place is free.
func (r *room) take(then func()) {
	if r.places > 0 && r.taken >= r.places {
		r.waiting = append(r.waiting, then)
		return
	}
	r.note()
	r.taken++
	then()
}

func (r *room) leave() {
	if len(r.waiting) > 0 {
		next := r.waiting[0]
		r.waiting = r.waiting[1:]
		r.engine.after(0, next) // the place goes from one to the other
		return
	}
	r.note()
	r.taken--
}

// work takes a place for so long, and then goes on.
func (r *room) work(long time.Duration, then func()) {
	r.take(func() {
		r.engine.after(long, func() {
			r.leave()
			then()
		})
	})
}

// use is how much of the room was taken since the clock was put to 0; 0 where it
// has no end.
func (r *room) use(span time.Duration) float64 {
	r.note()
	if r.places == 0 || span <= 0 {
		return 0
	}
	return float64(r.busy) / float64(span) / float64(r.places)
}

func (r *room) forget() {
	r.note()
	r.busy = 0
}

// pace lets so much through in a second, evenly.
type pace struct {
	engine *engine
	rate   float64 // 0: without end
	free   time.Duration
	passed float64
}

// pass goes on with then once there is room for so much.
func (p *pace) pass(much float64, then func()) {
	p.passed += much
	if p.rate <= 0 {
		then()
		return
	}
	at := max(p.free, p.engine.now)
	p.free = at + time.Duration(much/p.rate*float64(time.Second))
	p.engine.after(at-p.engine.now, then)
}

func (p *pace) use(span time.Duration) float64 {
	if p.rate <= 0 || span <= 0 {
		return 0
	}
	return p.passed / p.rate / span.Seconds()
}
