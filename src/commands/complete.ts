import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Args } from '@oclif/core';
import { TsmonCommand } from '../cli/command.ts';
import { type CommandManifest, complete } from '../cli/completion/complete.ts';
import { Output } from '../cli/output.ts';

export default class Complete extends TsmonCommand {
  static override hidden = true;
  static override summary = 'Answer a shell that completes a command line';
  static override description =
    'Prints the words that may come next, one a line, each with a tab and what it means; a last line ":files" says that file names fit as well. The scripts of "tsmon completion" call it.';

  static override examples = [
    { description: 'The subcommands of tsdb', command: "<%= config.bin %> complete -- tsdb ''" },
  ];

  static override strict = false;
  static override args = {
    words: Args.string({ description: 'The words after tsmon, the last one being typed', ignoreStdin: true }),
  };

  async run(): Promise<void> {
    const { argv } = await this.parse(Complete);
    const manifest = readFileSync(join(this.config.root, 'oclif.manifest.json'), 'utf8');
    const { candidates, files } = complete(JSON.parse(manifest) as CommandManifest, argv as string[]);
    const out = new Output();
    for (const { word, description } of candidates) out.line(`${word}\t${description}`);
    if (files) out.line(':files');
    out.flush();
  }
}
