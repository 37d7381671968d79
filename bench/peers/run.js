// Works off so many empty jobs with one of the peers, and prints how long it
// took, from the start of the workers to the end of the last job:
//   node run.js PEER JOBS ADDRESS
const [peer, jobs, address] = [process.argv[2], Number(process.argv[3]), process.argv[4]];

async function graphile(options) {
  const { makeWorkerUtils, run } = require("graphile-worker");
  const quiet = new (require("graphile-worker").Logger)(() => () => {});
  const utils = await makeWorkerUtils({ connectionString: address, logger: quiet });
  await utils.migrate();
  await utils.withPgClient((client) =>
    client.query("select graphile_worker.add_job('nothing', json_build_object('n', n)) from generate_series(1, $1::int) n", [jobs]));
  await utils.release();
  let done = 0;
  const began = process.hrtime.bigint();
  await new Promise((resolve, reject) => {
    run({
      connectionString: address, logger: quiet, noHandleSignals: true, noPreparedStatements: false,
      preset: { worker: { concurrentJobs: 24, maxPoolSize: 10, ...options } },
      taskList: { nothing: async () => { if (++done === jobs) resolve(); } },
    }).then((runner) => { graphile.runner = runner; }, reject);
  });
  await graphile.runner.stop(); // what was done is written by then
  return Number(process.hrtime.bigint() - began) / 1e9;
}

async function boss(batch, loops) {
  const PgBoss = require("pg-boss");
  const boss = new PgBoss({ connectionString: address, max: 10, supervise: false, schedule: false });
  boss.on("error", (error) => { throw error; });
  await boss.start();
  await boss.createQueue("nothing");
  for (let n = 0; n < jobs; n += 5000) {
    await boss.insert(Array.from({ length: Math.min(5000, jobs - n) }, (_, i) => ({ name: "nothing", data: { n: n + i } })));
  }
  const began = process.hrtime.bigint();
  await Promise.all(Array.from({ length: loops }, async () => {
    for (;;) {
      const taken = await boss.fetch("nothing", { batchSize: batch });
      if (taken.length === 0) return;
      await boss.complete("nothing", taken.map((job) => job.id));
    }
  }));
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  await boss.stop({ graceful: false });
  return seconds;
}

const peers = {
  "graphile-worker": () => graphile({}),
  "graphile-worker-batched": () => graphile({ localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 }),
  "pg-boss": () => boss(1, 8),
  "pg-boss-batched": () => boss(200, 4),
};

peers[peer]().then(
  (seconds) => { console.log(JSON.stringify({ seconds })); process.exit(0); },
  (error) => { console.error(error); process.exit(1); },
);
