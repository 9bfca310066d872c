import { Args } from '@oclif/core';
import { matchFlag } from '../../cli/flags.ts';
import { LookupCommand, lookupFlags, selectors, union } from '../../cli/lookup-command.ts';

export default class QueryValues extends LookupCommand {
  static override summary = 'List the values of a label';
  static override description =
    'Prints the values that a label has among all series, or those that --match selects, one a line. The metric names are the values of __name__.';

  static override examples = [
    { description: 'Names of metrics', command: '<%= config.bin %> query values __name__' },
    { description: 'Instances that are up', command: '<%= config.bin %> query values instance --match up' },
  ];

  static override args = {
    name: Args.string({ description: 'The name of a label', required: true, ignoreStdin: true }),
  };
  static override flags = { match: matchFlag, ...lookupFlags };

  async run(): Promise<void> {
    const { flags, args } = await this.parse(QueryValues);
    const lists = selectors(flags.match);
    await this.lookUp(flags, async (source, range) => {
      const found = await Promise.all(
        lists.map((matchers) => source.labelValues(args.name, matchers, range)),
      );
      const values = union(found, flags.limit);
      return { data: values, lines: values, count: values.length };
    });
  }
}
