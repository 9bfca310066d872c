import { debugArgs, METRIC_PAGES, PromtoolDebug } from '../../../cli/promtool-debug.ts';

export default class PromtoolDebugMetrics extends PromtoolDebug {
  static override summary = 'promtool debug metrics: the metrics of a server, as an archive';
  static override description =
    'Writes debug.tar.gz into the working directory, as promtool does: metrics.txt. "tsmon scrape" prints them.';

  static override examples = [
    {
      description: 'The metrics of a server',
      command: '<%= config.bin %> promtool debug metrics http://localhost:9090',
    },
  ];

  static override args = debugArgs;

  async run(): Promise<void> {
    const { args } = await this.parse(PromtoolDebugMetrics);
    await this.collect(args.server, METRIC_PAGES);
  }
}
