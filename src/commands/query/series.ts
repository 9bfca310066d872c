import { Args } from '@oclif/core';
import { LookupCommand, lookupFlags, selectors } from '../../cli/lookup-command.ts';
import { mergeSeriesSets } from '../../core/tsdb/block/index.ts';

export default class QuerySeries extends LookupCommand {
  static override summary = 'List series';
  static override description =
    'Prints the labels of all series, or of those that any of the selectors selects, one a line and sorted by labels.';

  static override examples = [
    { description: 'What a target exposes', command: '<%= config.bin %> query series \'{job="node"}\'' },
    {
      description: 'How many series came in the last hour',
      command: '<%= config.bin %> query series --since 1h | wc -l',
    },
  ];

  static override strict = false;
  static override args = {
    selector: Args.string({ description: 'Selectors; all series without one', ignoreStdin: true }),
  };
  static override flags = lookupFlags;

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(QuerySeries);
    const lists = selectors(argv as string[]);
    await this.lookUp(flags, async (source, range) => {
      const hints = { ...range, limit: flags.limit ?? 0, labelsOnly: true };
      const set = mergeSeriesSets(await Promise.all(lists.map((matchers) => source.select(matchers, hints))));
      const count = Math.min(set.length, flags.limit ?? set.length);
      const all = Array.from({ length: count }, (_, i) => set.labels(i));
      return {
        count,
        lines: all.map(String),
        data: flags.output === 'json' ? all.map((labels) => labels.toObject()) : null,
      };
    });
  }
}
