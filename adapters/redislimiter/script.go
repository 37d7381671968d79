package redislimiter

import (
	"fmt"
	"math"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/insurance-navigator/navigator/ports"
)

// script is the generic cell rate algorithm with Redis's own clock, so that the
// processes' clocks do not matter. One value a key: the microsecond at which all
// that was counted will have drained. What is there and is no such value, of any
// type, counts as nothing and is overwritten; one further ahead than a whole
// window, which this script never writes, is set back to it.
var script = redis.NewScript(`
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local step, full = tonumber(ARGV[1]), tonumber(ARGV[2])
local kept, drained = redis.pcall('GET', KEYS[1]), now
if type(kept) == 'string' then drained = math.max(now, tonumber(kept) or now) end
local function keep(at)
  redis.call('SET', KEYS[1], string.format('%.0f', at), 'PX', math.ceil((at - now) / 1000))
end
if drained > now + full then
  drained = now + full
  keep(drained)
end
local room = now + full - drained - step
if room < 0 then return {0, -room, drained - now} end
keep(drained + step)
return {1, room, drained + step - now}
`)

// stepOf is the microseconds in which one request drains, at least one.
func stepOf(rate ports.Rate) int64 {
	return int64(math.Ceil(float64(max(rate.Window, 0)) / float64(max(rate.Requests, 1)) / float64(time.Microsecond)))
}

// read makes the script's reply a decision. Any other reply is an error: what
// answers is no Redis, or not ours alone.
func read(reply any, step, full int64) (ports.Decision, error) {
	var n [3]int64
	list, ok := reply.([]any)
	if ok = ok && len(list) == len(n); ok {
		for i, value := range list {
			number, whole := value.(int64)
			n[i], ok = number, ok && whole && number >= 0 && number <= full
		}
	}
	if !ok {
		return ports.Decision{}, fmt.Errorf("a reply that cannot be read (%T)", reply)
	}
	d := ports.Decision{Allowed: n[0] == 1, Reset: time.Duration(n[2]) * time.Microsecond}
	if d.Allowed {
		d.Remaining = int(n[1] / step)
	} else {
		d.Retry = max(time.Duration(n[1])*time.Microsecond, time.Microsecond)
	}
	return d, nil
}
