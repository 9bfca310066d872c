import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Args, Flags } from '@oclif/core';
import { CommandFailure, EXIT_FAILED } from '../../../../cli/command.ts';
import { Output } from '../../../../cli/output.ts';
import { goDuration } from '../../../../cli/promtool-blocks.ts';
import { PromtoolCommand } from '../../../../cli/promtool-command.ts';
import { systemClock } from '../../../../core/clock.ts';
import { type Labels, labelsFromObject } from '../../../../core/model/labels.ts';
import { Database } from '../../../../core/tsdb/db/index.ts';

const SCRAPE_INTERVAL_MS = 15_000;

export default class PromtoolTsdbBenchWrite extends PromtoolCommand {
  static override summary = 'promtool tsdb bench write: how fast samples are written';
  static override description =
    'Appends a sample to each series, scrape after scrape, to a new database in OUT/storage, and prints how long that took, as promtool does, without its profiles. FILE has the labels of a series as JSON on each line; without one, series are made up. "tsmon tsdb bench" measures more.';

  static override examples = [
    {
      description: 'A thousand series, a hundred times',
      command: '<%= config.bin %> promtool tsdb bench write --metrics 1000 --scrapes 100',
    },
  ];

  static override args = {
    file: Args.string({ description: 'Input file with samples data', ignoreStdin: true }),
  };

  static override flags = {
    out: Flags.string({ description: 'Set the output path', default: 'benchout' }),
    metrics: Flags.integer({ description: 'Number of metrics to read', default: 10_000, min: 1 }),
    scrapes: Flags.integer({ description: 'Number of scrapes to simulate', default: 3000, min: 1 }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(PromtoolTsdbBenchWrite);
    const out = new Output();
    let now = systemClock.now();
    const database = await Database.open(join(flags.out, 'storage'), {
      clock: { now: () => now, monotonic: () => systemClock.monotonic(), sleep: () => Promise.resolve() },
    });
    const stage = async (name: string, work: () => Promise<void> | void): Promise<number> => {
      out.line(`>> start stage=${name}`);
      out.flush();
      const before = systemClock.monotonic();
      await work();
      const ms = systemClock.monotonic() - before;
      out.line(`>> completed stage=${name} duration=${goDuration(ms)}`);
      return ms;
    };
    let labels: Labels[] = [];
    await stage('readData', () => {
      labels = args.file === undefined ? madeUp(flags.metrics) : readLabels(args.file, flags.metrics);
    });
    const total = labels.length * flags.scrapes;
    const ms = await stage('ingestScrapes', () => {
      const appender = database.appender();
      const refs = Uint32Array.from(labels, (each) => appender.ref(each));
      const values = new Float64Array(labels.length);
      const times = new Float64Array(labels.length);
      const outcomes = new Uint8Array(labels.length);
      for (let scrape = 0; scrape < flags.scrapes; scrape++) {
        now += SCRAPE_INTERVAL_MS;
        times.fill(now);
        for (let i = 0; i < values.length; i++) values[i] += 1000;
        appender.append(refs, times, values, 0, values.length, outcomes);
        appender.commit();
      }
      out.line('ingestion completed');
    });
    out.line(` > total samples: ${total}`);
    out.line(` > samples/sec: ${(total / ms) * 1000}`);
    await stage('stopStorage', () => database.close());
    out.flush();
  }
}

/** One label set a line, at most `most`. */
function readLabels(file: string, most: number): Labels[] {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '');
  return lines.slice(0, most).map((line, i) => {
    try {
      return labelsFromObject(JSON.parse(line) as Record<string, string>);
    } catch {
      throw new CommandFailure(EXIT_FAILED, `${file}:${i + 1}: not a JSON object with labels`);
    }
  });
}

function madeUp(count: number): Labels[] {
  return Array.from({ length: count }, (_, i) =>
    labelsFromObject({ __name__: `bench_${i % 100}`, instance: `host${Math.floor(i / 100)}`, job: 'bench' }),
  );
}
