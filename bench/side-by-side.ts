/**
 * The real Prometheus and `tsmon serve` side by side: `npm run bench -- side-by-side [MINUTES]` (3)
 *
 * Both run the same prometheus.yml and rules over the same targets: the real node_exporter and Pushgateway, targets that
 * play a piece to each scraper (faults, series that come and go, native histograms, times of their own), targets found in
 * files and over HTTP that change, one that is gone at times, and a reload at a third and at two thirds of the time. In
 * the end it compares what both stored and what alerts both sent. Exit status 1 if they differ.
 * `npm run bench -- side-by-side compare DIRECTORY` compares once more what a run left.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../test/interop/prometheus.ts';
import { peer } from '../test/peers.ts';
import { Comparison, dump } from './side-by-side/comparison.ts';
import { type Addresses, writeConfiguration, writeTargets } from './side-by-side/configuration.ts';
import { AlertReceiver, GoneAtTimes, type ReceivedAlert, Targets } from './side-by-side/targets.ts';

const minutes = Number(process.argv[2] ?? '3');
const root = process.env['TSMON_ROOT'] ?? process.cwd();
const dir = process.argv[2] === 'compare' ? '' : mkdtempSync(join(tmpdir(), 'tsmon-side-by-side-'));
const FLAGS = ['--enable-feature=native-histograms,extra-scrape-metrics', '--web.enable-lifecycle'];
const TARGETS_CHANGE_MS = 90_000;
const PUSH_MS = 30_000;

interface Server {
  name: string;
  dir: string;
  url: string;
  receiver: AlertReceiver;
  process: ChildProcess;
}

const children: ChildProcess[] = [];

function program(name: string): string {
  const path = peer(name);
  if (path === undefined) throw new Error(`the real ${name} is not at hand: set TSMON_PEERS to its folder`);
  return path;
}

function start(name: string, command: string, args: readonly string[], cwd: string): ChildProcess {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const log = createWriteStream(join(dir, `${name}.log`));
  child.stdout!.pipe(log, { end: false });
  child.stderr!.pipe(log, { end: false });
  children.push(child);
  return child;
}

async function exporter(name: string): Promise<string> {
  const at = `127.0.0.1:${await freePort()}`;
  start(name, program(name), [`--web.listen-address=${at}`], dir);
  return at;
}

async function startServer(
  name: string,
  command: string,
  args: readonly string[],
  at: Addresses,
): Promise<Server> {
  const receiver = new AlertReceiver();
  await receiver.start();
  const own = join(dir, name);
  writeConfiguration(own, at, receiver.address, false);
  writeTargets(own, at, 0);
  const listen = `127.0.0.1:${await freePort()}`;
  const flags = [
    '--config.file=prometheus.yml',
    '--storage.tsdb.path=data',
    `--web.listen-address=${listen}`,
  ];
  const child = start(name, command, [...args, ...flags, ...FLAGS], own);
  return { name, dir: own, url: `http://${listen}`, receiver, process: child };
}

/** Groups of the Pushgateway that are pushed anew, change, and vanish. */
async function push(gateway: string, round: number): Promise<void> {
  const put = (path: string, body: string) =>
    fetch(`http://${gateway}/metrics/job/${path}`, { method: 'PUT', body });
  await put('batch/zone/z', `rows{table="a"} ${round}\nlast_round ${round}\n`);
  if (round % 3 === 0) await fetch(`http://${gateway}/metrics/job/short`, { method: 'DELETE' });
  else await put('short', `rows{table="s"} ${round}\n`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) throw new Error(`a server ended by itself: see ${dir}`);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

async function run(): Promise<void> {
  const targets = new Targets();
  await targets.start();
  const gone = new GoneAtTimes(await freePort());
  const at: Addresses = {
    targets: targets.address,
    gone: gone.address,
    node: await exporter('prometheus-node-exporter'),
    gateway: await exporter('prometheus-pushgateway'),
  };
  await sleep(1000);
  const tsmon = [join(root, 'bin', 'tsmon.cjs'), 'serve'];
  const servers = [
    await startServer('tsmon', process.execPath, tsmon, at),
    await startServer('prometheus', program('prometheus'), [], at),
  ];
  process.stdout.write(`${minutes} minutes in ${dir}\n`);
  const from = Date.now();
  const to = from + minutes * 60_000;
  let [changes, pushes, reloads] = [0, 0, 0];
  while (Date.now() < to) {
    const passed = Date.now() - from;
    if (passed >= changes * TARGETS_CHANGE_MS) {
      for (const server of servers) writeTargets(server.dir, at, changes);
      changes++;
    }
    if (passed >= pushes * PUSH_MS) await push(at.gateway, pushes++);
    if (passed >= ((reloads + 1) * minutes * 60_000) / 3 && reloads < 2) {
      for (const { dir, receiver, url } of servers) {
        writeConfiguration(dir, at, receiver.address, reloads === 0);
        const { status } = await fetch(`${url}/-/reload`, { method: 'POST' });
        if (status !== 200) throw new Error(`${url} does not reload: ${status}`);
      }
      reloads++;
    }
    await sleep(250);
  }
  await Promise.all(servers.map((server) => stop(server.process)));
  targets.stop();
  gone.stop();
  for (const { dir, receiver } of servers) {
    receiver.stop();
    const { alerts, requests } = receiver;
    writeFileSync(join(dir, 'received.json'), JSON.stringify({ from, to, alerts, requests: [...requests] }));
  }
  await compare(dir);
}

interface Received {
  from: number;
  to: number;
  alerts: ReceivedAlert[];
  requests: string[];
}

/** What a run left in its directory. */
async function compare(dir: string): Promise<void> {
  const [ours, theirs] = [
    await dump(program('promtool'), join(dir, 'tsmon', 'data')),
    await dump(program('promtool'), join(dir, 'prometheus', 'data')),
  ];
  const received = (name: string): Received =>
    JSON.parse(readFileSync(join(dir, name, 'received.json'), 'utf8'));
  const [own, other] = [received('tsmon'), received('prometheus')];
  const comparison = new Comparison(own.to - 30_000);
  comparison.stored(ours, theirs);
  comparison.sent(own.alerts, other.alerts, own.from + 30_000, own.to - 90_000);
  for (const request of own.requests)
    if (!other.requests.includes(request)) comparison.faults.push(`only tsmon asks ${request}`);
  for (const note of comparison.notes) process.stdout.write(`${note}\n`);
  for (const fault of comparison.faults) process.stdout.write(`DIFFERS: ${fault}\n`);
  process.stdout.write(`${comparison.faults.length} differences\n`);
  if (comparison.faults.length > 0) process.exitCode = 1;
}

try {
  if (process.argv[2] === 'compare') await compare(process.argv[3]);
  else await run();
} finally {
  for (const child of children) child.kill('SIGTERM');
}
