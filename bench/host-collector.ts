/**
 * Collecting this host: the first time in a process and when warm, beside what a scrape costs a real node_exporter
 * whose path is given. `npm run bench -- host-collector [NODE_EXPORTER]`
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { HostCollector } from '../src/core/collector/index.ts';

const ROUNDS = 200;
const exporter = process.argv[2];

const start = performance.now();
const collector = new HostCollector();
const families = collector.collect();
const first = performance.now() - start;
const samples = families.reduce((sum, family) => sum + family.samples.length, 0);
console.log(`${families.length} families, ${samples} samples`);
console.log(`first collection ${first.toFixed(1)} ms`);

const cpuStart = process.cpuUsage();
const warmStart = performance.now();
for (let i = 0; i < ROUNDS; i++) collector.collect();
const warm = (performance.now() - warmStart) / ROUNDS;
const cpu = process.cpuUsage(cpuStart);
console.log(
  `warm ${warm.toFixed(2)} ms, ${((cpu.user + cpu.system) / 1000 / ROUNDS).toFixed(2)} CPU ms a collection`,
);

if (exporter !== undefined) {
  const child = spawn(exporter, ['--web.listen-address=127.0.0.1:0', '--web.disable-exporter-metrics'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  for await (const line of createInterface({ input: child.stderr })) {
    const address = /msg="Listening on" address=(\S+)/.exec(line)?.[1];
    if (address === undefined) continue;
    child.stderr.resume();
    const scrape = async () => (await fetch(`http://${address}/metrics`)).text();
    await scrape();
    const before = cpuMs(child.pid!);
    for (let i = 0; i < ROUNDS; i++) await scrape();
    console.log(
      `node_exporter ${((cpuMs(child.pid!) - before) / ROUNDS).toFixed(2)} CPU ms a scrape (its HTTP included)`,
    );
    break;
  }
  child.kill();
}

/** User and system time of a process so far. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  const TICK_MS = 10;
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
