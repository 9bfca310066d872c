import { Args } from '@oclif/core';
import { TsmonCommand } from '../cli/command.ts';
import { COMPLETION_SCRIPTS, SHELLS, type Shell } from '../cli/completion/scripts.ts';
import { Output } from '../cli/output.ts';

export default class Completion extends TsmonCommand {
  static override summary = 'Print what makes a shell complete commands and flags';
  static override description =
    'Prints a script for bash, zsh or fish. Once the shell has read it, the tab key completes commands, flags, the values of flags, and files. The script asks the tsmon on the PATH, so it stays true when tsmon is renewed.';

  static override examples = [
    { description: 'In ~/.bashrc', command: 'source <(<%= config.bin %> completion bash)' },
    { description: 'In ~/.zshrc, after compinit', command: 'source <(<%= config.bin %> completion zsh)' },
    {
      description: 'For fish',
      command: '<%= config.bin %> completion fish > ~/.config/fish/completions/tsmon.fish',
    },
  ];

  static override args = {
    shell: Args.string({
      description: 'The shell that is to complete',
      options: [...SHELLS],
      required: true,
    }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(Completion);
    const out = new Output();
    out.text(COMPLETION_SCRIPTS[args.shell as Shell]);
    out.flush();
  }
}
