import { Flags } from '@oclif/core';
import { blockRangeOf, maxBlockDurationFlag } from '../../cli/block-range.ts';
import { TsmonCommand } from '../../cli/command.ts';
import { filesArg, formatFlag, toFlag } from '../../cli/flags.ts';
import { inputName } from '../../cli/input.ts';
import { interruptible } from '../../cli/interruptible.ts';
import { printMadeBlocks } from '../../cli/made-blocks.ts';
import { plural } from '../../cli/plural.ts';
import { Progress } from '../../cli/progress.ts';
import { streamPieces } from '../../cli/stream-input.ts';
import { InputError } from '../../core/errors.ts';
import { parseByteSize } from '../../core/model/byte-size.ts';
import { parseMetric } from '../../core/promql/parser/index.ts';
import {
  fileInput,
  type ImportFormat,
  type ImportInput,
  type ImportProgress,
  type ImportResult,
  importSamples,
  parseCsvColumns,
} from '../../core/tsdb/import/index.ts';

const FORMATS: readonly ImportFormat[] = ['text', 'openmetrics', 'jsonl', 'csv', 'protobuf'];

export default class TsdbImport extends TsmonCommand {
  static override summary = 'Turn files of samples into blocks of a data directory';
  static override description =
    `Reads samples with timestamps, of any time and in any order, and writes them as blocks, as promtool's create-blocks-from does: OpenMetrics, Prometheus text with milliseconds, JSON Lines (tsmon's and what VictoriaMetrics exports), CSV, protobuf. One pass over the input; memory is bounded, and what does not fit is kept on disk beside the blocks. Nothing is seen in the directory before all is there. For samples of now, see tsdb append.

Of several samples of a series for one time the first is kept. Blocks have no room for exemplars, metadata and start timestamps: standard error counts what was left out. An import of files that was interrupted goes on where it was when the same command is run again (at most some gigabytes of input are read twice); tsdb gc removes what such an import left.

CSV needs a header line. Columns called timestamp (or time), value and series mean what they say, and all others are labels; for anything else map them, by header or by number:
  COLUMN=time[:s|ms|us|ns|rfc3339]  when; seconds, milliseconds and dates are told apart by themselves
  COLUMN=label[:NAME]               a label
  COLUMN=metric[:NAME]              values of the metric of that name; several columns may be
  COLUMN=value, COLUMN=name         values, and the name of their metric
  COLUMN=series                     the series as PromQL selects it
Columns that are not mapped are then left out.`;

  static override examples = [
    {
      description: 'What promtool tsdb create-blocks-from openmetrics does',
      command: '<%= config.bin %> tsdb import --to data history.om',
    },
    {
      description: 'From VictoriaMetrics',
      command:
        'curl -s localhost:8428/api/v1/export -d \'match[]={job="node"}\' | <%= config.bin %> tsdb import --to data',
    },
    {
      description: 'A spreadsheet of one measurement a row',
      command:
        '<%= config.bin %> tsdb import weather.csv --columns date=time,city=label,temp=metric:temperature_celsius,wind=metric:wind_kmh',
    },
    {
      description: 'Years of data in as few blocks as Prometheus would make of them',
      command: '<%= config.bin %> tsdb import --max-block-duration 31d --label source=archive *.om',
    },
  ];

  static override strict = false;
  static override args = { file: filesArg };

  static override flags = {
    to: toFlag,
    format: formatFlag(FORMATS),
    columns: Flags.string({
      description: 'What the columns of CSV files mean: COLUMN=ROLE,… (see above)',
      helpValue: 'MAPPING',
    }),
    label: Flags.string({
      description: 'A label to set on every series; repeat for several',
      helpValue: 'NAME=VALUE',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'max-block-duration': maxBlockDurationFlag('2h'),
    memory: Flags.string({
      description: 'How much to hold before blocks are written',
      helpValue: 'SIZE',
      default: '512MiB',
    }),
    quiet: Flags.boolean({ char: 'q', description: 'Print nothing but what went wrong' }),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(TsdbImport);
    const blockRange = blockRangeOf(flags['max-block-duration']);
    const files = argv.length === 0 ? ['-'] : (argv as string[]);
    const columns = flags.columns === undefined ? undefined : parseCsvColumns(flags.columns);
    const format = flags.format ?? (columns === undefined ? undefined : 'csv');
    const progress = new Progress();
    const result = await interruptible(async (signal) => {
      const inputs = files.map((file) => (file === '-' ? stdinInput(signal) : fileInput(file)));
      try {
        return await importSamples(flags.to, inputs, {
          csv: { parseSeries: parseMetric, ...(columns !== undefined && { columns }) },
          ...(format !== undefined && { format }),
          blockRange,
          memoryBytes: parseByteSize(flags.memory),
          labels: (flags.label ?? []).map(labelOf),
          signal,
          progress: (at) => progress.update(describe(at), at.done, at.total),
          onNotice: (notice) => {
            progress.clear();
            this.say(notice);
          },
        });
      } finally {
        progress.clear();
      }
    });
    this.sayResult(result, flags.to, flags.quiet);
  }

  private sayResult({ blocks, counts }: ImportResult, to: string, quiet: boolean): void {
    if (!quiet) printMadeBlocks(to, blocks, this.paintOut);
    if (!quiet) {
      this.say(
        `imported ${plural(counts.samples, 'sample')} into ${plural(blocks.length, 'block')} of ${to}`,
      );
    }
    if (!quiet && counts.repeated > 0)
      this.say(`${plural(counts.repeated, 'sample')} occurred more than once`);
    if (counts.conflicting > 0) {
      this.complain(
        `${plural(counts.conflicting, 'sample')} left out: their series have another value for the same time, which came first`,
      );
    }
    const lost = [
      counts.exemplars > 0 ? plural(counts.exemplars, 'exemplar') : '',
      counts.startTimestamps > 0 ? plural(counts.startTimestamps, 'start timestamp') : '',
    ].filter((text) => text !== '');
    if (lost.length > 0) this.complain(`left out, because blocks have no room for them: ${lost.join(', ')}`);
  }
}

function stdinInput(signal: AbortSignal): ImportInput {
  return { name: inputName('-'), pieces: () => streamPieces('-', signal) };
}

function labelOf(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new InputError('bad_label', `--label takes NAME=VALUE, not ${JSON.stringify(text)}`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function describe({ phase, samples }: ImportProgress): string {
  return phase === 'reading' ? `reading (${samples} samples)` : `${phase} blocks`;
}
