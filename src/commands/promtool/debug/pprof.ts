import { debugArgs, PROFILE_PAGES, PromtoolDebug } from '../../../cli/promtool-debug.ts';

export default class PromtoolDebugPprof extends PromtoolDebug {
  static override summary = 'promtool debug pprof: the profiles of a server, as an archive';
  static override description =
    'Writes debug.tar.gz into the working directory, as promtool does: profiles of memory, locks, CPU and a trace, which takes a minute. Only a server written in Go, such as Prometheus, has them; "tsmon serve" has not.';

  static override examples = [
    {
      description: 'The profiles of a Prometheus',
      command: '<%= config.bin %> promtool debug pprof http://localhost:9090',
    },
  ];

  static override args = debugArgs;

  async run(): Promise<void> {
    const { args } = await this.parse(PromtoolDebugPprof);
    await this.collect(args.server, PROFILE_PAGES);
  }
}
