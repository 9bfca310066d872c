import { Flags } from '@oclif/core';
import { lengthOf } from '../../cli/block-printer.ts';
import { TsmonCommand } from '../../cli/command.ts';
import { dataFlag } from '../../cli/flags.ts';
import { Output } from '../../cli/output.ts';
import { formatByteSize } from '../../core/model/byte-size.ts';
import { formatTimestamp } from '../../core/model/timestamp.ts';
import {
  type BlockFacts,
  blockFacts,
  type DirectoryFacts,
  directoryFacts,
} from '../../core/tsdb/compaction/index.ts';

export default class TsdbInfo extends TsmonCommand {
  static override summary = 'Say what a data directory, or one block, consists of';
  static override description =
    "For a data directory: its blocks, their time and samples, what takes how much space, who writes to it, and what should be looked at (gaps and overlaps, broken blocks, what unfinished work left). For a single block: what it holds, and how it came to be. The directory may be tsmon's or Prometheus', also while a server writes to it.";

  static override examples = [
    {
      description: 'What takes the space',
      command: '<%= config.bin %> tsdb info --from /var/lib/prometheus',
    },
    {
      description: 'One block',
      command: '<%= config.bin %> tsdb info --from data/01JDXW8V1MDGWXC5Z0Q7HQ3P5R',
    },
  ];

  static override flags = {
    from: dataFlag,
    output: Flags.string({
      char: 'o',
      description: 'The format to print; json has times in milliseconds and sizes in bytes',
      options: ['text', 'json'],
      default: 'text',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(TsdbInfo);
    const output = new Output();
    for (const dir of flags.from) {
      const block = blockFacts(dir);
      const facts = block ?? directoryFacts(dir);
      if (flags.output === 'json') {
        output.line(JSON.stringify(facts));
        continue;
      }
      output.line(this.paintOut.bold(dir));
      const rows = block === undefined ? directoryRows(facts as DirectoryFacts) : blockRows(block);
      const width = Math.max(...rows.map(([name]) => name.length)) + 2;
      for (const [name, text] of rows) output.line(`  ${name.padEnd(width)}${text}`);
    }
    output.flush();
  }
}

type Row = [name: string, text: string];

function directoryRows(facts: DirectoryFacts): Row[] {
  const rows: Row[] = [
    ['blocks', facts.blocks === 0 ? 'none' : `${facts.blocks}, ${span(facts.minTime!, facts.maxTime!)}`],
  ];
  if (facts.blocks > 0) {
    rows.push([
      'samples',
      `${facts.samples} in ${facts.chunks} chunks${perSample(facts.blockBytes, facts.samples)}`,
    ]);
  }
  rows.push(['size', formatByteSize(facts.sizeBytes)]);
  for (const { name, files, sizeBytes } of facts.parts) {
    rows.push([`  ${name}`, `${formatByteSize(sizeBytes)} in ${plural(files, 'file')}`]);
  }
  rows.push(['writer', facts.writer ?? 'nobody']);
  for (const note of facts.notes) rows.push(['note', note]);
  return rows;
}

function blockRows(facts: BlockFacts): Row[] {
  const { meta } = facts;
  const rows: Row[] = [
    ['time', span(meta.minTime, meta.maxTime)],
    ['made', formatTimestamp(facts.made)],
    ['samples', `${facts.samples} in ${facts.chunks} chunks${perSample(facts.sizeBytes, facts.samples)}`],
    [
      'series',
      `${facts.series} with ${plural(facts.labelPairs, 'label pair')} of ${plural(facts.labelNames, 'name')}`,
    ],
    [
      'size',
      `${formatByteSize(facts.sizeBytes)}: index ${formatByteSize(facts.indexBytes)}, chunks ${formatByteSize(facts.chunkBytes)}`,
    ],
    ['level', String(meta.compaction.level)],
  ];
  const { sources = [], parents = [], hints = [], failed } = meta.compaction;
  if (parents.length > 0) rows.push(['made of', parents.map(({ ulid }) => ulid).join(' ')]);
  if (sources.length > 1) rows.push(['sources', String(sources.length)]);
  if (facts.deletions > 0) rows.push(['deletions', String(facts.deletions)]);
  if (hints.length > 0) rows.push(['hints', hints.join(', ')]);
  if (failed) rows.push(['note', 'it could not be compacted']);
  return rows;
}

function span(mint: number, maxt: number): string {
  return `${formatTimestamp(mint)} to ${formatTimestamp(maxt)} (${lengthOf(maxt - mint)})`;
}

function perSample(bytes: number, samples: number): string {
  return samples > 0 ? `, ${(bytes / samples).toFixed(2)} bytes each` : '';
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
