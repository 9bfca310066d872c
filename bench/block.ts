/**
 * Blocks: writing, opening and asking for one series, reading all, compacting. `npm run bench -- block [series] [hours]`
 * Where promtool is at hand (TSMON_PEERS names its folder), its dump of the same block is timed, too.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { labelsFromPairs, Matcher, SampleColumns } from '../src/core/model/index.ts';
import { BlockReader, BlockWriter, verifyBlock } from '../src/core/tsdb/block/index.ts';
import { compactBlocks, runSteps } from '../src/core/tsdb/compaction/index.ts';
import { peer } from '../test/peers.ts';

const [series = 50_000, hours = 2] = process.argv.slice(2).map(Number);
const STEP = 15_000;
const PER_BLOCK = (2 * 3600 * 1000) / STEP;
const START = Math.floor(1_700_000_000_000 / 7_200_000) * 7_200_000;
const dir = mkdtempSync(join(tmpdir(), 'tsmon-bench-'));

function timed<T>(what: string, samples: number, run: () => T): T {
  const cpu = process.cpuUsage();
  const from = performance.now();
  const result = run();
  const ms = performance.now() - from;
  const used = process.cpuUsage(cpu);
  const each = samples > 0 ? `  ${((ms * 1e6) / samples).toFixed(1)} ns/sample` : '';
  const rss = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(
    `${what.padEnd(28)} ${ms.toFixed(1).padStart(9)} ms  cpu ${((used.user + used.system) / 1000).toFixed(0)} ms${each}  max RSS ${rss} MiB`,
  );
  return result;
}

/** A fleet: metrics of many hosts, each with a counter or a gauge of its own pace. */
function write(block: number): string {
  const writer = new BlockWriter(dir);
  const columns = new SampleColumns();
  columns.reserve(PER_BLOCK);
  const hosts = Math.max(1, Math.round(series / 250));
  const all = [];
  for (let s = 0; s < series; s++) {
    all.push(
      labelsFromPairs([
        ['__name__', `metric_${String(Math.floor(s / hosts)).padStart(3, '0')}_total`],
        ['instance', `host-${String(s % hosts).padStart(4, '0')}.example.org:9100`],
        ['job', 'node'],
        ['cluster', `c${(s % hosts) % 5}`],
      ]),
    );
  }
  all.sort((a, b) => a.compare(b));
  let seed = 1;
  for (const labels of all) {
    let v = 0;
    for (let i = 0; i < PER_BLOCK; i++) {
      seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
      v += seed % 100;
      columns.t[i] = START + block * 7_200_000 + i * STEP + (seed & 3);
      columns.v[i] = v;
    }
    columns.length = PER_BLOCK;
    writer.addSamples(labels, columns);
  }
  return join(dir, writer.finish()!.ulid);
}

try {
  const samples = series * PER_BLOCK;
  const blocks: string[] = [];
  for (let b = 0; b < hours / 2; b++) blocks.push(timed(`write block ${b + 1}`, samples, () => write(b)));
  const path = blocks[0];
  const size = statSync(join(path, 'index')).size + statSync(join(path, 'chunks', '000001')).size;
  console.log(
    `${series} series, ${samples} samples, ${(size / samples).toFixed(2)} B/sample, index ${statSync(join(path, 'index')).size} B`,
  );

  timed('open, read one series', 0, () => {
    const block = new BlockReader(path);
    const set = block.select(
      [
        new Matcher('=', '__name__', 'metric_017_total'),
        new Matcher('=', 'instance', 'host-0003.example.org:9100'),
      ],
      0,
      1e15,
    );
    const out = new SampleColumns();
    set.read(0, out);
    console.log(
      `  ${set.length} series, ${out.length} samples, read ${block.bytesRead} B, ${((100 * block.bytesRead) / size).toFixed(2)} % of the block`,
    );
    block.close();
  });
  timed('read all', samples, () => {
    const block = new BlockReader(path);
    const set = block.select([], 0, 1e15);
    const out = new SampleColumns();
    for (let i = 0; i < set.length; i++) {
      out.clear();
      set.read(i, out);
    }
    block.close();
  });
  timed('labels of all', 0, () => {
    const block = new BlockReader(path);
    const set = block.select([new Matcher('=~', '__name__', '.+')], 0, 1e15);
    let n = 0;
    for (let i = 0; i < set.length; i++) n += set.labels(i).size;
    block.close();
    return n;
  });
  timed('verify', samples, () => verifyBlock(path));
  if (blocks.length > 1)
    timed('compact', samples * blocks.length, () => runSteps(compactBlocks(dir, blocks)));
  const promtool = peer('promtool');
  if (promtool !== undefined) {
    const one = join(dir, 'one');
    mkdirSync(join(one, 'wal'), { recursive: true });
    execFileSync('cp', ['-r', path, one]);
    timed('promtool tsdb dump', samples, () =>
      spawnSync(promtool, ['tsdb', 'dump', one], { stdio: 'ignore' }),
    );
    timed('promtool tsdb analyze', 0, () =>
      spawnSync(promtool, ['tsdb', 'analyze', one], { stdio: 'ignore' }),
    );
  }
} finally {
  rmSync(dir, { recursive: true });
}
