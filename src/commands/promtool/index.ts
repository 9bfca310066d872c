import { Args } from '@oclif/core';
import { CommandFailure, EXIT_FAILED } from '../../cli/command.ts';
import { PromtoolCommand } from '../../cli/promtool-command.ts';

const GROUPS = [
  'check',
  'test',
  'query',
  'debug',
  'push',
  'tsdb',
  'tsdb bench',
  'tsdb create-blocks-from',
  'promql',
  'promql label-matchers',
];

/** What stands for promtool itself, so that a command that there is not is told in its words. */
export default class Promtool extends PromtoolCommand {
  static override summary =
    "promtool's commands, under their own names, with their own output and exit status";
  static override description =
    'A CI job moves to tsmon when "promtool" becomes "tsmon promtool". What the commands do is what tsmon\'s own commands do, which say more.\n\nExit status: 0 done, 1 a check failed or something is wrong, 3 lint findings.';

  static override examples = [
    { description: 'Check rules', command: '<%= config.bin %> promtool check rules rules/*.yml' },
    { description: 'Test rules', command: '<%= config.bin %> promtool test rules tests/*.yml' },
  ];

  static override strict = false;
  static override args = {
    command: Args.string({ description: 'The command of promtool', ignoreStdin: true }),
  };

  async run(): Promise<void> {
    const { argv } = await this.parse(Promtool);
    const words = argv as string[];
    let group = '';
    while (words.length > 0 && GROUPS.includes(`${group} ${words[0]}`.trim()))
      group = `${group} ${words.shift()}`.trim();
    const [word] = words;
    const nothing = group === '' ? 'required command not provided' : `must select a subcommand of '${group}'`;
    const reason = word === undefined ? nothing : `expected command but got ${JSON.stringify(word)}`;
    throw new CommandFailure(EXIT_FAILED, `promtool: error: ${reason}, try --help`);
  }
}
