/**
 * Runs the discoverers of all jobs and hands each job its target groups. One discoverer serves all jobs with the same
 * setup; a reload stops and starts only what changed. A job hears of changes at once, and then not again for some
 * seconds, however often its discoverers report.
 */
import type { Clock } from '../clock.ts';
import { Registry } from '../instrument/index.ts';
import type { DiscoverySetup } from './discoverer.ts';
import { type DiscoveryMetrics, discoveryMetrics } from './metrics.ts';
import { Provider } from './provider.ts';
import type { TargetGroup } from './target-group.ts';

/** As in Prometheus. */
const DELAY_MS = 5000;

export interface DiscoveryManagerOptions {
  clock: Clock;
  /** Takes over all groups that a job has; those of different discoverers may have the same source. */
  deliver: (job: string, groups: readonly TargetGroup[]) => void;
  /** A line for people: what failed, and why. */
  onTrouble: (message: string) => void;
  /** The label `name` of the metrics: `scrape` by default. */
  name?: string;
  /** Those of all managers of a server; default: kept from sight. */
  metrics?: DiscoveryMetrics;
  /** The least time between two deliveries to one job; default 5 s. */
  delayMs?: number;
}

/** One job and how it stands. */
interface Job {
  keys: readonly string[];
  /** When it was told last, by the monotonic clock. */
  toldAt: number;
  waiting: boolean;
}

export class DiscoveryManager {
  private readonly options: DiscoveryManagerOptions;
  private readonly metrics: DiscoveryMetrics;
  private readonly name: string;
  private readonly providers = new Map<string, Provider>();
  private readonly jobs = new Map<string, Job>();
  private readonly abort = new AbortController();

  constructor(options: DiscoveryManagerOptions) {
    this.options = options;
    this.name = options.name ?? 'scrape';
    this.metrics = options.metrics ?? discoveryMetrics(new Registry());
    // There from the start, at 0.
    this.metrics.delayed.with(this.name);
    this.metrics.failedSetups.with(this.name);
  }

  /** From now on these are the jobs. */
  apply(jobs: ReadonlyMap<string, readonly DiscoverySetup[]>): void {
    const wanted = new Map<string, DiscoverySetup>();
    for (const [name, setups] of jobs) {
      const keys = [...new Set(setups.map(keyOf))];
      for (const setup of setups) wanted.set(keyOf(setup), setup);
      const job = this.jobs.get(name);
      if (job === undefined) this.jobs.set(name, { keys, toldAt: Number.NEGATIVE_INFINITY, waiting: false });
      else if (String(job.keys) !== String(keys))
        Object.assign(job, { keys, toldAt: Number.NEGATIVE_INFINITY });
    }
    for (const name of [...this.jobs.keys()]) {
      if (jobs.has(name)) continue;
      this.forget(name);
    }
    for (const [key, provider] of this.providers) {
      if (wanted.has(key)) continue;
      provider.stop();
      this.providers.delete(key);
    }
    for (const [key, setup] of wanted) {
      if (!this.providers.has(key)) this.start(key, setup);
    }
    // What is known already is told now; the rest when it is found.
    for (const name of this.jobs.keys()) this.tell(name, true);
  }

  /** Resolves when every discoverer has ended. */
  async stop(): Promise<void> {
    this.abort.abort(new Error('discovery was stopped'));
    const ending = [...this.providers.values()];
    for (const provider of ending) provider.stop();
    this.providers.clear();
    this.jobs.clear();
    await Promise.all(ending.map(({ ended }) => ended));
  }

  private start(key: string, setup: DiscoverySetup): void {
    const { clock, onTrouble } = this.options;
    const labelsOf = () => this.jobsOf(key).map((job) => [setup.mechanism, job] as const);
    const provider = new Provider(setup, clock, {
      changed: (_provider, first) => {
        this.metrics.received.with(this.name).inc();
        for (const job of this.jobsOf(key)) this.tell(job, first);
      },
      failed: ({ broken }, error) => {
        for (const labels of labelsOf()) this.metrics.failures.with(...labels).inc();
        const outcome = broken ? 'does not run' : 'failed, and what it found before stays';
        onTrouble(
          `discovery (${setup.mechanism}) for ${this.jobsOf(key).join(', ')} ${outcome}: ${error.message}`,
        );
        this.metrics.failedSetups.with(this.name).set(this.brokenCount());
      },
      refreshed: (_provider, durationMs) => {
        const seconds = durationMs / 1000;
        this.metrics.durations.observe(seconds, setup.mechanism);
        if (setup.mechanism === 'file') this.metrics.fileScans.observe(seconds);
        for (const labels of labelsOf()) this.metrics.durationsByConfig.with(...labels).observe(seconds);
      },
      mended: () => this.metrics.failedSetups.with(this.name).set(this.brokenCount()),
      own: {
        count: (metric, ...labels) => this.metrics.mechanisms[metric].with(...labels).inc(),
        observe: (metric, seconds, ...labels) =>
          this.metrics.mechanismDurations[metric].observe(seconds, ...labels),
        fileTime: (path, seconds) => {
          if (seconds === undefined) this.metrics.fileTimes.remove(path);
          else this.metrics.fileTimes.with(path).set(seconds);
        },
      },
    });
    this.providers.set(key, provider);
    for (const labels of labelsOf()) this.metrics.failures.with(...labels);
  }

  /** A job that is gone leaves no metrics. */
  private forget(name: string): void {
    const { discovered, lastSent, failures, durationsByConfig } = this.metrics;
    for (const key of this.jobs.get(name)!.keys) {
      const mechanism = this.providers.get(key)?.setup.mechanism ?? '';
      failures.remove(mechanism, name);
      durationsByConfig.remove(mechanism, name);
    }
    this.jobs.delete(name);
    discovered.remove(this.name, name);
    lastSent.remove(this.name, name);
  }

  private brokenCount(): number {
    return [...this.providers.values()].filter(({ broken }) => broken).length;
  }

  private jobsOf(key: string): string[] {
    return [...this.jobs].filter(([, { keys }]) => keys.includes(key)).map(([name]) => name);
  }

  /** Tells a job, now or, where it was told a moment ago, later. */
  private tell(name: string, now: boolean): void {
    const { clock, delayMs = DELAY_MS } = this.options;
    const job = this.jobs.get(name);
    if (job === undefined) return;
    // A job whose setup changed keeps its targets until all of the new setup has spoken.
    if (job.keys.some((key) => this.providers.get(key)?.reported === false)) return;
    if (job.waiting && !now) {
      this.metrics.delayed.with(this.name).inc();
      return;
    }
    const wait = job.toldAt + delayMs - clock.monotonic();
    if (now || wait <= 0) {
      this.deliver(name, job);
      return;
    }
    job.waiting = true;
    this.metrics.delayed.with(this.name).inc();
    clock.sleep(wait, this.abort.signal).then(
      () => {
        if (job.waiting && this.jobs.get(name) === job) this.deliver(name, job);
      },
      () => {},
    );
  }

  private deliver(name: string, job: Job): void {
    job.waiting = false;
    job.toldAt = this.options.clock.monotonic();
    const groups = job.keys.flatMap((key) => [...(this.providers.get(key)?.groups.values() ?? [])]);
    this.metrics.sent.with(this.name).inc();
    this.metrics.lastSent.with(this.name, name).set(this.options.clock.now() / 1000);
    const targets = groups.reduce((sum, group) => sum + group.targets.length, 0);
    this.metrics.discovered.with(this.name, name).set(targets);
    this.options.deliver(name, groups);
  }
}

function keyOf({ mechanism, key }: DiscoverySetup): string {
  return `${mechanism}:${key}`;
}
