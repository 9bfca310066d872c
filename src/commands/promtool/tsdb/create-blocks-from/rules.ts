import { Args, Flags } from '@oclif/core';
import { PromtoolCommand } from '../../../../cli/promtool-command.ts';
import { httpConfigFlag, openPromtoolClient } from '../../../../cli/promtool-http.ts';
import RulesBackfill from '../../../rules/backfill.ts';

export default class PromtoolCreateBlocksFromRules extends PromtoolCommand {
  static override summary =
    'promtool tsdb create-blocks-from rules: what recording rules would have recorded';
  static override description =
    'Does what promtool does, and more: rules see what other rules yield, and a second run adds nothing. "tsmon rules backfill" needs no server, and writes alerts, too.';

  static override examples = [
    {
      description: 'From a server',
      command:
        '<%= config.bin %> promtool tsdb create-blocks-from rules --start 1700000000 --url http://localhost:9090 rules.yml',
    },
  ];

  static override strict = false;
  static override args = {
    'rule-files': Args.string({
      description: 'Files with recording rules',
      required: true,
      ignoreStdin: true,
    }),
  };

  static override flags = {
    'http.config.file': httpConfigFlag,
    'human-readable': Flags.boolean({
      char: 'r',
      description: "promtool's flag, without effect",
      hidden: true,
    }),
    quiet: Flags.boolean({ char: 'q', description: "promtool's flag, without effect", hidden: true }),
    url: Flags.string({ description: 'The server with the data', default: 'http://localhost:9090' }),
    start: Flags.string({
      description: 'The time to start from (RFC 3339 or Unix timestamp)',
      required: true,
    }),
    end: Flags.string({ description: 'The time to end at (default: 3 hours ago)' }),
    'output-dir': Flags.string({ description: 'Output directory for generated blocks', default: 'data/' }),
    'eval-interval': Flags.string({
      description: 'How often to evaluate groups that name no interval',
      default: '60s',
    }),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(PromtoolCreateBlocksFromRules);
    const files = argv as string[];
    this.requireFiles(files);
    const args = ['--quiet', '--no-alerts', '--url', flags.url, '--start', flags.start];
    if (flags.end !== undefined) args.push('--end', flags.end);
    args.push('--output-dir', flags['output-dir'], '--eval-interval', flags['eval-interval'], ...files);
    const backfill = new RulesBackfill(args, this.config);
    backfill.client = openPromtoolClient({ version: this.config.version, file: flags['http.config.file'] });
    await backfill.run();
  }
}
