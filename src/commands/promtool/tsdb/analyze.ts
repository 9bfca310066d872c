import { Args, Flags } from '@oclif/core';
import { CommandFailure, EXIT_FAILED } from '../../../cli/command.ts';
import { interruptible } from '../../../cli/interruptible.ts';
import { Output } from '../../../cli/output.ts';
import { goDuration } from '../../../cli/promtool-blocks.ts';
import { PromtoolCommand } from '../../../cli/promtool-command.ts';
import { databaseArg, requireDatabase } from '../../../cli/promtool-data.ts';
import { spreadLines } from '../../../cli/promtool-spread.ts';
import { parseSelector } from '../../../core/promql/parser/index.ts';
import {
  type Analysis,
  analyzeBlock,
  type EachChunk,
  type Ranked,
} from '../../../core/tsdb/analyze/index.ts';
import { runStepsWithPauses, takeInventory } from '../../../core/tsdb/compaction/index.ts';

export default class PromtoolTsdbAnalyze extends PromtoolCommand {
  static override summary = 'promtool tsdb analyze: churn, label pairs, cardinality of a block';
  static override description =
    'What promtool prints; entries with the same count are in the order of their names. "tsmon tsdb analyze" says more, and compares.';

  static override examples = [
    {
      description: 'The newest block',
      command: '<%= config.bin %> promtool tsdb analyze /var/lib/prometheus',
    },
  ];

  static override args = {
    'db path': databaseArg,
    'block id': Args.string({
      description: 'Block to analyze (default is the last block)',
      ignoreStdin: true,
    }),
  };

  static override flags = {
    extended: Flags.boolean({ description: 'Look at every chunk, too', allowNo: true }),
    limit: Flags.integer({ description: 'How many items to show in each list', default: 20, min: 1 }),
    match: Flags.string({ description: 'Series selector to analyze' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(PromtoolTsdbAnalyze);
    requireDatabase(args['db path']);
    const blocks = takeInventory(args['db path']).blocks.filter(({ meta }) => meta !== undefined);
    const id = args['block id'];
    const block = id === undefined ? blocks.at(-1) : blocks.find(({ name }) => name === id);
    if (block === undefined) {
      throw new CommandFailure(EXIT_FAILED, id === undefined ? 'no blocks found' : `invalid block ID ${id}`);
    }
    const matchers = flags.match === undefined ? [] : parseSelector(flags.match);
    const out = new Output();
    await interruptible(async (signal) => {
      const chunks = new ChunkSpreads();
      const steps = analyzeBlock(block.path, {
        matchers,
        chunks: flags.extended,
        eachChunk: chunks.add,
        progress: () => {},
      });
      const { analysis } = await runStepsWithPauses(steps, signal);
      print(analysis, flags.match, flags.limit, out);
      if (flags.extended) for (const line of chunks.lines()) out.line(line);
      analysis.close();
    });
    out.flush();
  }
}

/** The sizes of all chunks. */
class ChunkSpreads {
  private readonly floats: { samples: number[]; bytes: number[] } = { samples: [], bytes: [] };
  private readonly histograms: { samples: number[]; bytes: number[]; buckets: number[] } = {
    samples: [],
    bytes: [],
    buckets: [],
  };

  readonly add: EachChunk = (kind, samples, bytes, buckets) => {
    const sizes = kind === 'float' ? this.floats : this.histograms;
    sizes.samples.push(samples);
    sizes.bytes.push(bytes);
    if (kind === 'histogram') this.histograms.buckets.push(buckets);
  };

  lines(): string[] {
    const { floats, histograms } = this;
    return [
      '\nCompaction analysis:\n',
      ...spreadLines('samples per float chunk', floats.samples),
      ...spreadLines('bytes per float chunk', floats.bytes),
      ...spreadLines('samples per histogram chunk', histograms.samples),
      ...spreadLines('bytes per histogram chunk', histograms.bytes),
      ...spreadLines('buckets per histogram chunk', histograms.buckets),
    ];
  }
}

function print(analysis: Analysis, matcher: string | undefined, limit: number, out: Output): void {
  const { totals } = analysis;
  const durationMs = totals.durationMs ?? totals.maxt - totals.mint;
  out.line(`Block ID: ${analysis.subject}`);
  out.line(`Duration: ${goDuration(durationMs)}`);
  out.line(`Total Series: ${totals.allSeries ?? totals.series}`);
  if (matcher !== undefined) out.line(`Matcher: ${matcher}`);
  out.line(`Label names: ${totals.labelNames}`);
  if (matcher !== undefined) out.line(`Matched series: ${totals.series}`);
  out.line(`Postings (unique label pairs): ${totals.labelPairs}`);
  out.line(`Postings entries (total label pairs): ${totals.labelPairEntries}`);
  const list = (title: string, items: readonly Ranked[], scale = 1) => {
    out.line(`\n${title}:`);
    for (const { name, count } of items) out.line(`${Math.trunc(count / scale)} ${name}`);
  };
  list('Label pairs most involved in churning', analysis.topPairs('uncoveredMs', limit), durationMs);
  list('Label names most involved in churning', analysis.topNames('uncoveredMs', limit), durationMs);
  list('Most common label pairs', analysis.topPairs('series', limit));
  list('Label names with highest cumulative label value length', analysis.topNames('valueBytes', limit));
  list('Highest cardinality labels', analysis.topNames('values', limit));
  list('Highest cardinality metric names', analysis.topValues('series', limit));
}
