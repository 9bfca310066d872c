import { debugArgs, METRIC_PAGES, PROFILE_PAGES, PromtoolDebug } from '../../../cli/promtool-debug.ts';

export default class PromtoolDebugAll extends PromtoolDebug {
  static override summary = 'promtool debug all: metrics and profiles of a server, as an archive';
  static override description =
    'Writes debug.tar.gz into the working directory, as promtool does: what "promtool debug pprof" and "promtool debug metrics" fetch. Only a server written in Go, such as Prometheus, has profiles.';

  static override examples = [
    {
      description: 'Everything that a Prometheus tells about itself',
      command: '<%= config.bin %> promtool debug all http://localhost:9090',
    },
  ];

  static override args = debugArgs;

  async run(): Promise<void> {
    const { args } = await this.parse(PromtoolDebugAll);
    await this.collect(args.server, [...PROFILE_PAGES, ...METRIC_PAGES]);
  }
}
