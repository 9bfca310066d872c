import { existsSync } from 'node:fs';
import { Args } from '@oclif/core';
import { EXIT_FAILED } from '../../../cli/command.ts';
import { PromtoolCommand, promtoolCheckFlags } from '../../../cli/promtool-command.ts';
import { ConfigError, loadWebConfig } from '../../../core/config/index.ts';

export default class PromtoolCheckWebConfig extends PromtoolCommand {
  static override summary = 'promtool check web-config: are the files for TLS and authentication valid?';
  static override description = 'What promtool prints, and its exit status: 0 all are valid, 1 some are not.';

  static override examples = [
    { description: 'A file', command: '<%= config.bin %> promtool check web-config web.yml' },
  ];

  static override strict = false;
  static override args = {
    'web-config-files': Args.string({
      description: 'The config files to check',
      required: true,
      ignoreStdin: true,
    }),
  };

  static override flags = promtoolCheckFlags;

  async run(): Promise<void> {
    const { argv } = await this.parse(PromtoolCheckWebConfig);
    const files = argv as string[];
    this.requireFiles(files);
    for (const file of files) {
      try {
        const { tls } = loadWebConfig(file);
        const missing = [tls?.certFile, tls?.keyFile].find((path) => path && !existsSync(path));
        if (missing) {
          this.say(`${file} FAILED: open ${missing}: no such file or directory`);
          process.exitCode = EXIT_FAILED;
          continue;
        }
        this.say(`${file} SUCCESS`);
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        this.say(`${file} FAILED: ${error.message}`);
        process.exitCode = EXIT_FAILED;
      }
    }
  }
}
