/**
 * `npm start`: the main job, as one would type it. Collects this host and tsmon itself into data/, through a pipe, and
 * shows what came in.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const launcher = join(root, 'bin', 'tsmon.cjs');
const data = process.env.TSMON_DATA ?? 'data';

show('tsmon scrape host: self: | tsmon tsdb append');
const scrape = spawn(process.execPath, [launcher, 'scrape', 'host:', 'self:'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const append = spawn(process.execPath, [launcher, 'tsdb', 'append', '--to', data], {
  stdio: [scrape.stdout, 'inherit', 'inherit'],
});
const [[scraped], [appended]] = await Promise.all([once(scrape, 'exit'), once(append, 'exit')]);
if (scraped !== 0 || appended !== 0) process.exit(1);

const selector =
  '{__name__=~"up|node_load.*|node_time_seconds|process_resident_memory_bytes|tsmon_build_info"}';
show(`tsmon tsdb dump --start now-1m --match '${selector}'`);
execFileSync(
  process.execPath,
  [launcher, 'tsdb', 'dump', '--from', data, '--start', 'now-1m', '--match', selector],
  { stdio: 'inherit' },
);

process.stdout.write(`
All of it is in ${data}/, in Prometheus' own format: "prometheus --storage.tsdb.path=${data}" opens it.
Run "npm start" again to add to it, and "node bin/tsmon.cjs --help" to see the rest.
`);

function show(command) {
  process.stdout.write(`\n$ ${command}\n`);
}
