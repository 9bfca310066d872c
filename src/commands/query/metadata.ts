import { Args } from '@oclif/core';
import { LookupCommand, lookupFlags } from '../../cli/lookup-command.ts';
import { terminalWidth } from '../../cli/terminal.ts';
import { type Column, tableLines } from '../../cli/text-table.ts';
import { compareStrings } from '../../core/model/labels.ts';
import { metadataByFamily } from '../../core/source/metadata-families.ts';

const { start: _start, end: _end, since: _since, ...flags } = lookupFlags;

const COLUMNS: readonly Column[] = [
  { title: 'metric', align: 'left', shrinks: true },
  { title: 'type', align: 'left', shrinks: false },
  { title: 'unit', align: 'left', shrinks: false },
  { title: 'help', align: 'left', shrinks: true },
];

export default class QueryMetadata extends LookupCommand {
  static override summary = 'Show type, unit and help of metrics';
  static override description =
    "Prints what targets said of their metrics. A data directory knows it where its log does (Prometheus' feature metadata-wal-records, or tsmon tsdb append); a server knows it of its present targets. The parts of a histogram or a summary are one metric.";

  static override examples = [
    { description: 'Everything that is known', command: '<%= config.bin %> query metadata' },
    {
      description: 'One metric, from a server',
      command: '<%= config.bin %> query metadata up --from http://localhost:9090',
    },
  ];

  static override args = {
    metric: Args.string({ description: 'The name of a metric; all without it', ignoreStdin: true }),
  };
  static override flags = flags;

  async run(): Promise<void> {
    const { flags: given, args } = await this.parse(QueryMetadata);
    await this.lookUp(given, async (source) => {
      let found = metadataByFamily(await source.metadata(args.metric));
      // A family's own name is none of its series'.
      if (found.size === 0 && args.metric !== undefined) {
        const all = metadataByFamily(await source.metadata());
        found = new Map([...all].filter(([metric]) => metric === args.metric));
      }
      const shown = [...found].sort(([a], [b]) => compareStrings(a, b)).slice(0, given.limit);
      const rows = shown.flatMap(([metric, entries]) =>
        entries.map(({ type, unit, help }) => [metric, type, unit, help]),
      );
      return {
        count: shown.length,
        lines: tableLines(COLUMNS, rows, terminalWidth(), this.paintOut.dim),
        data: Object.fromEntries(shown),
      };
    });
  }
}
