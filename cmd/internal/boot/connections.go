package boot

// AdvisedConns is the DATABASE_MAX_CONNS that docs/database.md advises for a
// process of each service: more than four at work for each core of the server
// gain nothing.
var AdvisedConns = map[Service]int{API: 8, Webhook: 4, Worker: 10}

// besideConns is held beside the services' processes: by a migration, by River's
// pages, by an exporter, and by an operator's tool.
const besideConns = 3 + 4 + 1 + 2

// Connections is the most that so many processes of each service hold at once
// with all that stands beside them; each says the size of a process' pool. A
// worker listens on one more. While a release rolls, one service after the other
// has all its processes twice.
func Connections(processes map[Service]int, each func(Service) int) (steady, rolling int) {
	most := 0
	for service, n := range processes {
		held := n * each(service)
		if service == Worker {
			held += n
		}
		steady, most = steady+held, max(most, held)
	}
	return steady + besideConns, steady + besideConns + most
}
