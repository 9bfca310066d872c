import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Flags } from '@oclif/core';
import { TsmonCommand } from '../../cli/command.ts';
import { interruptible } from '../../cli/interruptible.ts';
import { Output } from '../../cli/output.ts';
import { Progress } from '../../cli/progress.ts';
import { InputError } from '../../core/errors.ts';
import { formatByteSize } from '../../core/model/byte-size.ts';
import { parseDuration } from '../../core/model/duration.ts';
import { type Measure, runBench } from '../../core/tsdb/bench/index.ts';

export default class TsdbBench extends TsmonCommand {
  static override summary = 'Measure how fast samples are stored and read here';
  static override description =
    `Appends made-up samples of a fleet to a new data directory, reads its log as a start does, cuts blocks, and reads them: what this machine and this disk give, as promtool's tsdb bench write does, and reading as well. The directory is removed afterwards, unless --keep.

Wall time counts the disk; processor time is steadier on a machine that does other things, too.`;

  static override examples = [
    { description: 'On the disk of the temporary directory', command: '<%= config.bin %> tsdb bench' },
    {
      description: 'A large server, on the disk that it would use',
      command: '<%= config.bin %> tsdb bench --series 1000000 --samples 30 --dir /var/lib/metrics/bench',
    },
  ];

  static override flags = {
    series: Flags.integer({ description: 'How many series', default: 10_000, min: 1 }),
    samples: Flags.integer({ description: 'How many samples of each', default: 500, min: 1 }),
    interval: Flags.string({
      description: 'The time between two of these',
      helpValue: 'DURATION',
      default: '15s',
    }),
    dir: Flags.string({
      description: 'Where to write (default: in the temporary directory)',
      helpValue: 'DIR',
    }),
    keep: Flags.boolean({ description: 'Leave the data directory there' }),
    output: Flags.string({
      char: 'o',
      description: 'How to print what was measured',
      options: ['text', 'jsonl'],
      default: 'text',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(TsdbBench);
    const { series, samples: rounds } = flags;
    const interval = parseDuration(flags.interval);
    if (!(interval > 0)) throw new InputError('bad_duration', '--interval must be positive');
    const dir = emptyDirectory(flags.dir);
    const progress = new Progress();
    const output = new Output();
    try {
      await interruptible((signal) =>
        runBench(dir, {
          series,
          rounds,
          interval,
          signal,
          progress: (what, part) => progress.update(what, part, 1),
          onMeasure: (measure) => {
            progress.clear();
            output.line(flags.output === 'jsonl' ? JSON.stringify(measure) : describe(measure));
            output.flush();
          },
        }),
      );
    } finally {
      progress.clear();
      if (flags.keep) this.say(`the data are in ${dir}`);
      else rmSync(dir, { recursive: true, force: true });
    }
  }
}

/** Throws InputError where there is something in it already. */
function emptyDirectory(given: string | undefined): string {
  if (given === undefined) return mkdtempSync(join(tmpdir(), 'tsmon-bench-'));
  if (existsSync(given) && readdirSync(given).length > 0) {
    throw new InputError('exists', 'is not empty; a measurement wants a directory of its own', {
      file: given,
    });
  }
  mkdirSync(given, { recursive: true });
  return given;
}

const TITLES: Record<Measure['name'], string> = {
  'new-series': 'new series',
  append: 'append',
  'log-replay': 'read the log',
  'cut-blocks': 'cut blocks',
  'open-one': 'open, read one series',
  'read-all': 'read all',
};

function describe({ name, count, seconds, cpuSeconds, bytes }: Measure): string {
  const what = name === 'new-series' ? 'series' : 'samples';
  const rate = name === 'open-one' ? '' : `${(count / seconds / 1e6).toFixed(2).padStart(7)} M ${what}/s`;
  const perSample =
    name === 'open-one' || bytes === undefined ? '' : `, ${(bytes / count).toFixed(2)} a sample`;
  const size = bytes === undefined ? '' : `  ${formatByteSize(bytes)}${perSample}`;
  const times = `${(seconds * 1000).toFixed(1).padStart(9)} ms  cpu ${(cpuSeconds * 1000).toFixed(1).padStart(8)} ms`;
  return `${TITLES[name].padEnd(22)} ${times}  ${rate.padEnd(18)}${size}`.trimEnd();
}
