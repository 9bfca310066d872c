/**
 * `npm start`: the main job. Runs the server on this host and on tsmon itself, with data/ for its data, and says where
 * to look once there is something to see. Arguments go to `tsmon serve`.
 */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const launcher = join(root, 'bin', 'tsmon.cjs');
const given = process.argv.slice(2);

const server = spawn(process.execPath, [launcher, 'serve', ...given], {
  stdio: ['ignore', 'inherit', 'pipe'],
});
// The server logs where it listens, whatever the arguments and the environment say.
let address;
server.stderr.on('data', (bytes) => {
  process.stderr.write(bytes);
  address ??= / address=(\S+)/.exec(bytes.toString())?.[1];
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => server.kill(signal));
server.on('exit', (status, signal) => process.exit(signal === null ? status : 1));

const base = await firstScrape();
process.stdout.write(`
tsmon is running. Look at

  ${base}/                           a page to query, graph and see targets and alerts with
  ${base}/api/v1/query?query=up      the API that Grafana and all others speak
  ${base}/metrics                    what the server says of itself

or ask from another shell:

  node bin/tsmon.cjs query 'topk(5, node_cpu_seconds_total)'
  node bin/tsmon.cjs query --since 5m 'rate(node_cpu_seconds_total{mode="user"}[1m])' --output graph
  node bin/tsmon.cjs --help

The data is in data/, in Prometheus' own format. Ctrl-C ends it.
`);

/** Resolves with the server's URL when it has scraped what it was told to for the first time. */
async function firstScrape() {
  for (;;) {
    await sleep(200);
    if (address === undefined) continue;
    const url = `http://${address.replace(/^(0\.0\.0\.0|\[::\]):/, 'localhost:')}`;
    try {
      const answer = await fetch(`${url}/api/v1/query?query=count(up)`);
      const { data } = await answer.json();
      if (data.result.length > 0) return url;
    } catch {
      // Not yet there, or still reading its log.
    }
  }
}
