/** Runs the collectors of a host, each on its own, so that what fails takes nothing with it. */
import { systemClock } from '../clock.ts';
import { InputError } from '../errors.ts';
import type { MetricFamily } from '../model/family.ts';
import type { Collector, Host } from './collector.ts';
import { Families } from './families.ts';
import { HostFiles } from './files.ts';
import { linuxCollectors } from './linux/index.ts';
import { type HostOptions, hostSettings } from './options.ts';
import { portableCollectors } from './portable/index.ts';
import { textfile } from './textfile.ts';

/**
 * One host, collected again and again: it remembers what keeps counters from falling (see linux/cpu.ts). Reads
 * synchronously: a server runs it in a thread of its own.
 */
export class HostCollector {
  private readonly host: Host;
  private readonly collectors: readonly Collector[];

  /** Throws InputError (`unknown_collector`) where `options` name a collector that there is none of. */
  constructor(options: HostOptions = {}) {
    const settings = hostSettings(options);
    const clock = options.clock ?? systemClock;
    const complain = options.onFailure ?? (() => {});
    this.host = { settings, files: new HostFiles(settings), clock, complain };
    const collectors = settings.platform === 'linux' ? linuxCollectors() : portableCollectors();
    // Last, because what it reads must agree with what the others found.
    this.collectors = chosen([...collectors, textfile], options);
  }

  /** The families of now, by name, with `node_scrape_collector_duration_seconds` and `…_success` of each collector. */
  collect(): MetricFamily[] {
    const out = new Families();
    const duration = out.gauge(
      'node_scrape_collector_duration_seconds',
      'node_exporter: Duration of a collector scrape.',
      'collector',
    );
    const success = out.gauge(
      'node_scrape_collector_success',
      'node_exporter: Whether a collector succeeded.',
      'collector',
    );
    const { clock, complain } = this.host;
    for (const collector of this.collectors) {
      const start = clock.monotonic();
      let ok = false;
      try {
        ok = collector.collect(this.host, out);
      } catch (error) {
        complain({ collector: collector.name, reason: (error as Error).message });
      }
      duration.add((clock.monotonic() - start) / 1000, collector.name);
      success.add(ok ? 1 : 0, collector.name);
    }
    return out.sorted();
  }
}

/** One collection of a host. Whoever collects it again keeps a HostCollector. */
export function collectHost(options: HostOptions = {}): MetricFamily[] {
  return new HostCollector(options).collect();
}

function chosen(all: readonly Collector[], { collectors, withoutCollectors }: HostOptions): Collector[] {
  const names = new Set(all.map((collector) => collector.name));
  for (const name of [...(collectors ?? []), ...(withoutCollectors ?? [])]) {
    if (!names.has(name)) {
      throw new InputError('unknown_collector', `no collector "${name}"; there are ${[...names].join(', ')}`);
    }
  }
  return all.filter(
    ({ name }) => (collectors?.includes(name) ?? true) && !(withoutCollectors?.includes(name) ?? false),
  );
}
