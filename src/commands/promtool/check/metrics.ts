import { readFileSync } from 'node:fs';
import { Flags } from '@oclif/core';
import { CommandFailure, EXIT_FAILED } from '../../../cli/command.ts';
import { Output } from '../../../cli/output.ts';
import { EXIT_LINT, PromtoolCommand, promtoolCheckFlags } from '../../../cli/promtool-command.ts';
import { textFormatFault } from '../../../cli/promtool-faults.ts';
import { InputError } from '../../../core/errors.ts';
import {
  cardinality,
  cardinalityTable,
  type LintFamily,
  lint,
  readFamilies,
} from '../../../core/exposition/lint/index.ts';

export default class PromtoolCheckMetrics extends PromtoolCommand {
  static override summary = 'promtool check metrics: lint an exposition on standard input';
  static override description =
    'What promtool prints, and its exit status: 0 nothing found, 1 not a valid exposition, 3 findings. See also "tsmon scrape check".';

  static override examples = [
    {
      description: 'An exporter',
      command: 'curl -s localhost:9100/metrics | <%= config.bin %> promtool check metrics',
    },
  ];

  static override flags = {
    ...promtoolCheckFlags,
    extended: Flags.boolean({
      description: 'Print extended information related to the cardinality of the metrics',
      allowNo: true,
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(PromtoolCheckMetrics);
    const families = this.read(readFileSync(0));
    const findings = lint(families);
    for (const { metric, text } of findings) this.say(`${metric} ${text}`);
    if (findings.length > 0) {
      process.exitCode = EXIT_LINT;
      return;
    }
    if (!flags.extended) return;
    const out = new Output();
    for (const line of cardinalityTable(cardinality(families))) out.line(line);
    out.flush();
  }

  private read(text: Uint8Array): LintFamily[] {
    try {
      return readFamilies(text);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new CommandFailure(EXIT_FAILED, `error while linting: ${textFormatFault(error)}`);
    }
  }
}
