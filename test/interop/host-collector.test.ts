/**
 * The `host:` collector beside the real node_exporter: on the host that runs the test, and on the made-up hosts of
 * test/testdata/host, where every value must agree.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';
import { collectHost, type HostOptions } from '../../src/core/collector/index.ts';
import { Batch } from '../../src/core/exposition/batch.ts';
import { SeriesTable } from '../../src/core/exposition/series-table.ts';
import { TextParser } from '../../src/core/exposition/text-parser.ts';
import type { Labels } from '../../src/core/model/index.ts';
import { hostAt, unpackTree, writeTree } from '../core/collector/tree.ts';
import { describeWith, peer } from '../peers.ts';

const exporter = peer('prometheus-node-exporter');

/** What node_exporter 1.11 has that we have not: see docs/host-collector.md. */
const LACKING = /^node_(timex|systemd)_|^node_btrfs_device_(unused_bytes|errors_total)$/;
/** What we have and it has not: lines of /proc/meminfo that it leaves out, and what it asks netlink for. */
const ADDED = /^node_memory_|^node_network_receive_nohandler_total$/;
/** Of the exporter, not of the host. */
const ITS_OWN = /^(go_|process_|promhttp_|node_exporter_build_info$)/;
/** Gauges that may change from one moment to the next. */
const MOVING = new RegExp(
  `^node_(${[
    'load',
    'memory_',
    'procs_',
    'filefd_allocated',
    'filesystem_(free|avail)_bytes',
    'filesystem_files_free',
    'sockstat_',
    'udp_queues',
    'arp_entries',
    'nf_conntrack_(entries$|stat)',
    'netstat_Tcp_CurrEstab',
    'disk_io_now',
    'softnet_backlog_len',
    'time_seconds',
    'entropy_available',
    'hwmon_',
    'thermal_zone_temp',
    'cpu_(scaling_)?frequency_hertz',
    'power_supply_',
    'scrape_collector_duration',
  ].join('|')})`,
);

interface Series {
  name: string;
  labels: Labels;
  v: number;
}

interface Reading {
  /** Name -> type and help. */
  families: Map<string, { type: string; help: string }>;
  /** By labels, the name included. */
  series: Map<string, Series>;
}

/** A running node_exporter, killed after the test. */
class Exporter {
  readonly url: string;

  private constructor(url: string) {
    this.url = url;
  }

  static async start(...flags: string[]): Promise<Exporter> {
    const child: ChildProcess = spawn(exporter!, ['--web.listen-address=127.0.0.1:0', ...flags], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    onTestFinished(async () => {
      child.kill();
      if (child.exitCode === null) await once(child, 'exit');
    });
    for await (const line of createInterface({ input: child.stderr! })) {
      const address = /msg="Listening on" address=(\S+)/.exec(line)?.[1];
      if (address === undefined) continue;
      child.stderr!.resume();
      return new Exporter(`http://${address}/metrics`);
    }
    throw new Error('node_exporter ended before it listened');
  }

  async read(): Promise<Reading> {
    const response = await fetch(this.url, { headers: { Accept: 'text/plain;version=0.0.4' } });
    const table = new SeriesTable();
    const batch = new Batch();
    const parser = new TextParser(table);
    parser.write(new Uint8Array(await response.arrayBuffer()), batch);
    parser.end(batch);
    const reading: Reading = { families: new Map(), series: new Map() };
    for (let row = 0; row < batch.length; row++) {
      const labels = table.labels[batch.series[row]];
      const { name, type, help } = table.families[table.familyOf[batch.series[row]]];
      if (ITS_OWN.test(name)) continue;
      reading.families.set(name, { type, help });
      reading.series.set(labels.toString(), { name, labels, v: batch.v[row] });
    }
    return reading;
  }
}

function readOurs(options: HostOptions): Reading {
  const reading: Reading = { families: new Map(), series: new Map() };
  for (const { name, type, help, samples } of collectHost(options)) {
    reading.families.set(name, { type, help });
    for (const { labels, v } of samples) reading.series.set(labels.toString(), { name, labels, v });
  }
  return reading;
}

/** Whether a series is about one of our collectors, or not about collectors at all. */
function isComparable({ name, labels }: Series, ours: Reading): boolean {
  if (!name.startsWith('node_scrape_collector_')) return ours.families.has(name);
  const collector = labels.get('collector');
  return ours.series.has(`node_scrape_collector_success{collector="${collector}"}`);
}

function expectSameFamilies(theirs: Reading, ours: Reading): void {
  const lacking = [...theirs.families.keys()].filter((name) => !ours.families.has(name));
  expect(lacking.filter((name) => !LACKING.test(name))).toEqual([]);
  const added = [...ours.families.keys()].filter((name) => !theirs.families.has(name));
  expect(added.filter((name) => !ADDED.test(name))).toEqual([]);
  for (const [name, family] of theirs.families) {
    if (ours.families.has(name)) expect(ours.families.get(name), name).toEqual(family);
  }
  const names = (reading: Reading) =>
    [...reading.series.entries()]
      .filter(([, series]) => theirs.families.has(series.name) && isComparable(series, ours))
      .map(([labels]) => labels)
      .sort();
  expect(names(ours)).toEqual(names(theirs));
}

describeWith('the host collector beside node_exporter', { 'prometheus-node-exporter': exporter }, () => {
  it('agrees on this host', async () => {
    const textfiles = writeTree({
      'a.prom': '# HELP a_seconds A.\n# TYPE a_seconds gauge\na_seconds{b="c"} 1.5\n',
    });
    const real = await Exporter.start(`--collector.textfile.directory=${textfiles}`);
    // The first scrape of an exporter touches what later ones find (its own connections, for one).
    await real.read();
    const before = await real.read();
    const ours = readOurs({ textfileDirectories: [textfiles] });
    const after = await real.read();
    expectSameFamilies(after, ours);

    let compared = 0;
    for (const [key, { name, v: first }] of before.series) {
      const own = ours.series.get(key);
      const last = after.series.get(key);
      if (own === undefined || last === undefined || MOVING.test(name)) continue;
      compared++;
      const { type } = after.families.get(name)!;
      if (type === 'gauge') {
        expect(own.v, key).toBe(first);
        continue;
      }
      // Idle and iowait of a CPU may go back by some ticks; node_exporter then keeps what it gave before.
      const slack = name === 'node_cpu_seconds_total' ? 0.1 : 0;
      expect(own.v, key).toBeGreaterThanOrEqual(first - slack);
      expect(own.v, key).toBeLessThanOrEqual(last.v + slack);
    }
    expect(compared).toBeGreaterThan(100);
  });

  it.each(['server', 'legacy'])('agrees on the made-up host %s', async (tree) => {
    const root = unpackTree(tree);
    const textfiles = join(root, tree === 'server' ? 'textfile' : 'proc');
    const real = await Exporter.start(
      `--path.procfs=${join(root, 'proc')}`,
      `--path.sysfs=${join(root, 'sys')}`,
      `--path.rootfs=${root}`,
      `--path.udev.data=${join(root, 'run/udev/data')}`,
      `--collector.textfile.directory=${textfiles}`,
      // Netlink and D-Bus would tell of the host that runs the test.
      '--no-collector.arp.netlink',
      '--no-collector.netdev.netlink',
      '--no-collector.systemd',
    );
    const theirs = await real.read();
    const ours = readOurs({ ...hostAt(root), textfileDirectories: [textfiles] });
    expectSameFamilies(theirs, ours);

    // The real file system below the tree is not read-only, and it fills up while the test runs.
    const ofTheTestHost =
      /^node_(filesystem_(readonly|free_bytes|avail_bytes|files_free)|time_seconds|scrape_collector_duration)/;
    for (const [key, { name, v }] of theirs.series) {
      const own = ours.series.get(key);
      if (own !== undefined && !ofTheTestHost.test(name)) expect(own.v, key).toBe(v);
    }
    expect(ours.series.size).toBeGreaterThan(tree === 'server' ? 800 : 150);
  });
});
