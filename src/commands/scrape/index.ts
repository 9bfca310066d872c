import { Args, Flags } from '@oclif/core';
import { EXIT_FAILED, TsmonCommand } from '../../cli/command.ts';
import { fetchClientOptions, httpFlags } from '../../cli/http-flags.ts';
import { interruptible } from '../../cli/interruptible.ts';
import {
  CONFIG_FEATURES,
  CREATED_ZEROS,
  featureFlag,
  featuresAmong,
  switchesOf,
} from '../../cli/scrape-features.ts';
import { jobFlags } from '../../cli/scrape-job-flags.ts';
import { ScrapePrinter } from '../../cli/scrape-printer.ts';
import { systemClock } from '../../core/clock.ts';
import { InputError } from '../../core/errors.ts';
import {
  DEFAULT_SCRAPE_PROTOCOLS,
  isScrapeProtocol,
  NATIVE_HISTOGRAM_SCRAPE_PROTOCOLS,
  type ScrapeProtocol,
} from '../../core/exposition/negotiation.ts';
import type { ExpositionFormat } from '../../core/exposition/parser.ts';
import { parseByteSize } from '../../core/model/byte-size.ts';
import { parseDuration } from '../../core/model/duration.ts';
import {
  labelFromArgument,
  NO_LIMITS,
  openScrapers,
  type ScrapeSettings,
  scrapeOnce,
  scrapeRepeatedly,
  type Target,
  targetFromArgument,
} from '../../core/scrape/index.ts';

/** What can be said beside --config; all else is in the file. */
const WITH_CONFIG = [
  'config',
  'scrape-job',
  'state',
  'output',
  'interval',
  'count',
  'watch',
  'concurrency',
  'color',
  'enable-feature',
];

interface JobRunFlags {
  config?: string | undefined;
  'scrape-job'?: string[] | undefined;
  state?: string | undefined;
  output: string;
  interval?: string | undefined;
  count?: number | undefined;
  concurrency: number;
  'enable-feature'?: string[] | undefined;
}

const DEFAULT_INTERVAL = '15s';
const DEFAULT_TARGETS = ['host:', 'self:'];

export default class Scrape extends TsmonCommand {
  static override summary = 'Scrape targets and print their samples';
  static override description =
    `A target is a URL (http:// and /metrics may be left out), unix:SOCKET, a file in any exposition format, - for standard input, host: for this machine (the metrics of node_exporter, without one) or self: for tsmon's own process. Without a target it is host: and self:.

With --config or --scrape-job the targets are those of a prometheus.yml, found, relabelled and scraped as Prometheus would do it: once; with --count so often, the targets that are there at the start; or with --interval or --watch until interrupted, with targets that come and go, and the file read again at SIGHUP. Each job has its own pace, unless --interval gives one to all. What comes out then is what a Prometheus would store; with --state, so is what comes out of single runs from cron.

Samples get the labels job and instance, the time of the scrape, and the series up, scrape_duration_seconds, scrape_samples_scraped, scrape_samples_post_metric_relabeling and scrape_series_added, as in Prometheus. A target that cannot be scraped gives up 0 and a reason on stderr; the others are printed all the same, and the exit status is 1.`;

  static override examples = [
    { description: 'What this machine has to say', command: '<%= config.bin %> scrape host:' },
    {
      description: 'Store what an exporter says, every 15 seconds',
      command:
        '<%= config.bin %> scrape --watch -o jsonl localhost:9100 | <%= config.bin %> tsdb append --to data',
    },
    {
      description: 'What a Prometheus with this configuration would store, once: for cron',
      command:
        '<%= config.bin %> scrape --config prometheus.yml --state scrape.state -o jsonl | <%= config.bin %> tsdb append --to data',
    },
    {
      description: 'Query a target without storing anything',
      command:
        "<%= config.bin %> scrape localhost:9100 | <%= config.bin %> query --from - 'sum(node_cpu_seconds_total)'",
    },
    {
      description: 'With native histograms, which only protobuf and JSON Lines carry',
      command: '<%= config.bin %> scrape --native-histograms --output jsonl localhost:9090',
    },
    {
      description: 'Behind TLS and a password',
      command:
        '<%= config.bin %> scrape --user me --password-file pw --tls-ca ca.pem https://db.example:9187',
    },
  ];

  static override strict = false;
  static override args = {
    target: Args.string({
      description: 'URL, host:port, unix:SOCKET, file, -, host: or self:',
      ignoreStdin: true,
    }),
  };

  static override flags = {
    ...jobFlags,
    state: Flags.string({
      description:
        'Keep in this file which series there were, so that the next run ends those that are gone (--output jsonl)',
      helpValue: 'FILE',
      helpGroup: 'CONFIG',
    }),
    job: Flags.string({
      description: 'The job label (default: scrape; node for host:, tsmon for self:)',
      helpValue: 'NAME',
    }),
    label: Flags.string({
      description: 'A label for every series; repeat for several',
      helpValue: 'NAME=VALUE',
      multiple: true,
      multipleNonGreedy: true,
    }),
    output: Flags.string({
      char: 'o',
      description: 'The format to print: text has millisecond time stamps, jsonl loses nothing',
      options: ['text', 'openmetrics', 'jsonl', 'protobuf'],
      default: 'text',
    }),
    raw: Flags.boolean({ description: 'Without job and instance, and without up and the scrape_ series' }),
    interval: Flags.string({
      description: `Scrape again and again, so far apart (default with --count or --watch: ${DEFAULT_INTERVAL})`,
      helpValue: 'DURATION',
      helpGroup: 'REPEAT',
    }),
    count: Flags.integer({
      description: 'Stop after so many scrapes of each target',
      helpValue: 'N',
      helpGroup: 'REPEAT',
      min: 1,
    }),
    watch: Flags.boolean({
      description: 'Go on until interrupted',
      helpGroup: 'REPEAT',
      exclusive: ['count'],
    }),
    align: Flags.boolean({
      description: 'Scrape on whole multiples of the interval: with 1m, on the minute',
      helpGroup: 'REPEAT',
    }),
    'mark-end': Flags.boolean({
      description: 'After the last scrape, end every series with a stale marker (--output jsonl)',
      helpGroup: 'REPEAT',
    }),
    timeout: Flags.string({
      description: 'Give up on a target after this time (default 10s, and not longer than the interval)',
      helpValue: 'DURATION',
      helpGroup: 'LIMIT',
    }),
    'body-size-limit': Flags.string({
      description: 'Fail a target with a larger body, counted after decompression; 0 for none',
      helpValue: 'SIZE',
      helpGroup: 'LIMIT',
      default: '256MB',
    }),
    'sample-limit': Flags.integer({
      description: 'Fail a target with more samples; 0 for no limit',
      helpValue: 'N',
      helpGroup: 'LIMIT',
      default: 0,
      min: 0,
    }),
    concurrency: Flags.integer({
      description: 'Scrape so many targets at a time',
      helpValue: 'N',
      helpGroup: 'LIMIT',
      default: 20,
      min: 1,
    }),
    'honor-labels': Flags.boolean({
      description:
        "Where a target exposes a label that it also gets, keep the target's own (else it becomes exported_…)",
      helpGroup: 'SAMPLE',
    }),
    'honor-timestamps': Flags.boolean({
      description: 'Keep the time stamps that a target gives (default)',
      helpGroup: 'SAMPLE',
      default: true,
      allowNo: true,
    }),
    'native-histograms': Flags.boolean({
      description: 'Ask for protobuf first, which alone has native histograms',
      helpGroup: 'SAMPLE',
      exclusive: ['protocols'],
    }),
    protocols: Flags.string({
      description: `What to ask for, best first, with commas between (default ${DEFAULT_SCRAPE_PROTOCOLS.join(',')})`,
      helpValue: 'NAME,…',
      helpGroup: 'SAMPLE',
    }),
    'fallback-protocol': Flags.string({
      description: 'What to take the body of a target for that does not say what it is',
      helpValue: 'NAME',
      helpGroup: 'SAMPLE',
    }),
    'enable-feature': featureFlag(
      `Prometheus' feature flags: native-histograms; with --config, extra-scrape-metrics; ${CREATED_ZEROS} for series to say when they began, which --output jsonl carries to tsdb append with the same flag`,
      'SAMPLE',
    ),
    'textfile-directory': Flags.string({
      description: 'For host:, a folder of *.prom files to include; repeat for several',
      helpValue: 'DIR',
      helpGroup: 'SAMPLE',
      multiple: true,
      multipleNonGreedy: true,
    }),
    ...httpFlags,
  };

  async run(): Promise<void> {
    const { flags, argv, metadata } = await this.parse(Scrape);
    const repeat = flags.interval !== undefined || flags.count !== undefined || flags.watch;
    const intervalMs = positive(flags.interval ?? DEFAULT_INTERVAL, '--interval');
    if (flags.config !== undefined || flags['scrape-job'] !== undefined) {
      const given = Object.keys(flags).filter((name) => !metadata.flags[name]?.setFromDefault);
      await this.scrapeJobs(flags, argv, given, repeat);
      return;
    }
    if (flags.state !== undefined) throw new InputError('bad_flags', '--state goes with --config');
    const features = featuresAmong(flags['enable-feature'], ['native-histograms', CREATED_ZEROS]);
    const timeoutMs = timeout(flags.timeout, repeat ? intervalMs : undefined);
    const labels = Object.fromEntries((flags.label ?? []).map(labelFromArgument));
    const named = argv.length === 0 ? DEFAULT_TARGETS : (argv as string[]);
    const targets = named.map((argument) => targetFromArgument(argument, { job: flags.job, labels }));
    if (repeat && targets.some(({ origin }) => origin.kind === 'stdin'))
      throw new InputError('bad_target', 'standard input (-) can be scraped only once');

    const settings: ScrapeSettings = {
      clock: systemClock,
      client: fetchClientOptions(flags, this.config.version, repeat),
      timeoutMs,
      bodySizeLimitBytes: parseByteSize(flags['body-size-limit']),
      protocols: protocols(flags.protocols, flags['native-histograms'] || features.length > 0),
      fallbackProtocol: optionalProtocol(flags['fallback-protocol']),
      honorLabels: flags['honor-labels'],
      honorTimestamps: flags['honor-timestamps'],
      trackTimestampsStaleness: false,
      limits: { ...NO_LIMITS, samples: flags['sample-limit'] },
      parser: { createdAsStart: features.includes(CREATED_ZEROS) },
      raw: flags.raw,
      stdin: process.stdin,
      textfileDirectories: flags['textfile-directory'] ?? [],
      onCollectorFailure: this.onceEach((reason) => this.complain(`host: ${reason}`)),
    };
    const printer = this.printer(targets, flags.output as ExpositionFormat);
    const { scrapers, close } = await openScrapers(targets, settings);
    const interruption = new Interruption();
    const options = { clock: systemClock, concurrency: flags.concurrency, signal: interruption.signal };
    try {
      if (repeat) {
        const count = flags.count ?? Number.POSITIVE_INFINITY;
        await scrapeRepeatedly(scrapers, { ...options, intervalMs, count, align: flags.align }, printer);
      } else {
        await scrapeOnce(scrapers, options, printer);
      }
    } catch (error) {
      if (!interruption.is(error)) throw error;
      process.exitCode = interruption.exitCode;
    } finally {
      interruption.dispose();
      close();
    }
    if (flags['mark-end']) for (const scraper of scrapers) printer.result(scraper.end(systemClock.now()));
    if (printer.failed) process.exitCode ??= EXIT_FAILED;
  }

  private async scrapeJobs(
    flags: JobRunFlags,
    targets: readonly unknown[],
    given: readonly string[],
    repeat: boolean,
  ): Promise<void> {
    const odd = given.find((name) => !WITH_CONFIG.includes(name));
    if (odd !== undefined)
      throw new InputError('bad_flags', `--${odd} does not go with --config, which says all of that`);
    if (targets.length > 0)
      throw new InputError('bad_target', 'name targets, or jobs of a configuration, but not both');
    if (flags.state !== undefined && (repeat || flags.output !== 'jsonl'))
      throw new InputError('bad_flags', '--state goes with one scrape of each target and --output jsonl');
    const jobs = await import('../../cli/scrape-jobs.ts');
    const complain = (line: string) => this.complain(line);
    const intervalMs = flags.interval === undefined ? undefined : positive(flags.interval, '--interval');
    const features = featuresAmong(flags['enable-feature'], Object.keys(CONFIG_FEATURES));
    const createdAsStart = features.includes(CREATED_ZEROS);
    const load = async () => {
      const on = switchesOf(features);
      const configs = await jobs.loadJobs(flags.config, flags['scrape-job'], complain, on);
      return intervalMs === undefined ? configs : jobs.withInterval(configs, intervalMs);
    };
    const printer = this.printer([], flags.output as ExpositionFormat);
    const { version } = this.config;
    const isGood = await interruptible(async (signal) => {
      const run = { clock: systemClock, version, createdAsStart, printer, complain, signal };
      const { concurrency, state: stateFile, 'scrape-job': only } = flags;
      const count = flags.count ?? (repeat ? Number.POSITIVE_INFINITY : 1);
      if (Number.isFinite(count))
        return jobs.scrapeJobsOnce(await load(), { concurrency, only, stateFile, count }, run);
      return jobs.scrapeJobs(load, run);
    });
    if (!isGood) process.exitCode ??= EXIT_FAILED;
  }

  private printer(targets: readonly Target[], format: ExpositionFormat): ScrapePrinter {
    return new ScrapePrinter({
      format,
      verbose: process.stderr.isTTY === true,
      paint: this.paint,
      say: (line) => this.say(line),
      nameWidth: Math.max(0, ...targets.map(({ name }) => name.length)),
    });
  }

  /** `tell`, but for each reason once. */
  private onceEach(tell: (reason: string) => void): (reason: string) => void {
    const told = new Set<string>();
    return (reason) => {
      if (told.has(reason)) return;
      told.add(reason);
      tell(reason);
    };
  }
}

/** Exit statuses as shells give them to what a signal ended. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;
type SignalName = keyof typeof SIGNALS;

/** Turns the first SIGINT or SIGTERM into an abort; a second one kills the process as usual. */
class Interruption {
  exitCode = 0;
  private readonly abort = new AbortController();
  private readonly reason = new Error('interrupted');
  private readonly onSignal = (name: SignalName) => {
    this.exitCode = SIGNALS[name];
    this.abort.abort(this.reason);
  };

  constructor() {
    for (const name in SIGNALS) process.once(name as SignalName, this.onSignal);
  }

  get signal(): AbortSignal {
    return this.abort.signal;
  }

  is(error: unknown): boolean {
    return error === this.reason;
  }

  dispose(): void {
    for (const name in SIGNALS) process.off(name, this.onSignal);
  }
}

const DEFAULT_TIMEOUT_MS = 10_000;

function timeout(given: string | undefined, intervalMs: number | undefined): number {
  if (given !== undefined) return positive(given, '--timeout');
  return Math.min(DEFAULT_TIMEOUT_MS, intervalMs ?? DEFAULT_TIMEOUT_MS);
}

function positive(duration: string, flag: string): number {
  const ms = parseDuration(duration);
  if (ms === 0) throw new InputError('bad_duration', `${flag} must be more than 0`);
  return ms;
}

function protocols(given: string | undefined, native: boolean): readonly ScrapeProtocol[] {
  if (given !== undefined) return given.split(',').map(protocol);
  return native ? NATIVE_HISTOGRAM_SCRAPE_PROTOCOLS : DEFAULT_SCRAPE_PROTOCOLS;
}

function optionalProtocol(name: string | undefined): ScrapeProtocol | undefined {
  return name === undefined ? undefined : protocol(name);
}

function protocol(name: string): ScrapeProtocol {
  const trimmed = name.trim();
  if (isScrapeProtocol(trimmed)) return trimmed;
  const known = NATIVE_HISTOGRAM_SCRAPE_PROTOCOLS.join(', ');
  throw new InputError('bad_protocol', `there is no protocol "${name}"; there are ${known}`);
}
