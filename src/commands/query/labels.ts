import { matchFlag } from '../../cli/flags.ts';
import { LookupCommand, lookupFlags, selectors, union } from '../../cli/lookup-command.ts';

export default class QueryLabels extends LookupCommand {
  static override summary = 'List the names of labels';
  static override description =
    'Prints the label names that all series have between them, or those that --match selects, one a line.';

  static override examples = [
    { description: 'All of them', command: '<%= config.bin %> query labels' },
    {
      description: 'By what a metric can be grouped',
      command: '<%= config.bin %> query labels --match node_cpu_seconds_total',
    },
  ];

  static override flags = { match: matchFlag, ...lookupFlags };

  async run(): Promise<void> {
    const { flags } = await this.parse(QueryLabels);
    const lists = selectors(flags.match);
    await this.lookUp(flags, async (source, range) => {
      const found = await Promise.all(lists.map((matchers) => source.labelNames(matchers, range)));
      const names = union(found, flags.limit);
      return { data: names, lines: names, count: names.length };
    });
  }
}
