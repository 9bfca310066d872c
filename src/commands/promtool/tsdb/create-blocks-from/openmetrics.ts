import { existsSync } from 'node:fs';
import { Args, Flags } from '@oclif/core';
import { blockRangeOf } from '../../../../cli/block-range.ts';
import { CommandFailure, EXIT_FAILED } from '../../../../cli/command.ts';
import { interruptible } from '../../../../cli/interruptible.ts';
import { Output } from '../../../../cli/output.ts';
import { promtoolBlocks } from '../../../../cli/promtool-blocks.ts';
import { PromtoolCommand } from '../../../../cli/promtool-command.ts';
import { parseMetric } from '../../../../core/promql/parser/index.ts';
import { fileInput, importSamples } from '../../../../core/tsdb/import/index.ts';

const MEMORY_BYTES = 512 * 1024 * 1024;

export default class PromtoolCreateBlocksFromOpenMetrics extends PromtoolCommand {
  static override summary = 'promtool tsdb create-blocks-from openmetrics: blocks of a file of samples';
  static override description = 'What promtool does and prints. "tsmon tsdb import" reads more formats.';

  static override examples = [
    {
      description: 'Into the directory of a server that is not running',
      command:
        '<%= config.bin %> promtool tsdb create-blocks-from openmetrics history.om /var/lib/prometheus',
    },
  ];

  static override args = {
    'input file': Args.string({
      description: 'OpenMetrics file to read samples from',
      required: true,
      ignoreStdin: true,
    }),
    'output directory': Args.string({
      description: 'Output directory for blocks',
      default: 'data/',
      ignoreStdin: true,
    }),
  };

  static override flags = {
    'human-readable': Flags.boolean({ char: 'r', description: 'Print human readable values', allowNo: true }),
    quiet: Flags.boolean({ char: 'q', description: 'Do not print created blocks', allowNo: true }),
    label: Flags.string({
      description: 'Label to attach to metrics, NAME=VALUE; repeat for several',
      multiple: true,
      multipleNonGreedy: true,
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(PromtoolCreateBlocksFromOpenMetrics);
    const file = args['input file'];
    if (!existsSync(file)) throw new CommandFailure(EXIT_FAILED, `stat ${file}: no such file or directory`);
    const dir = args['output directory'];
    const labels = (flags.label ?? []).map((text): [string, string] => {
      const at = text.indexOf('=');
      if (at < 1) {
        throw new CommandFailure(
          EXIT_FAILED,
          `promtool: error: expected KEY=VALUE got '${text}', try --help`,
        );
      }
      return [text.slice(0, at), text.slice(at + 1)];
    });
    const { blocks } = await interruptible((signal) =>
      importSamples(dir, [fileInput(file)], {
        csv: { parseSeries: parseMetric },
        format: 'openmetrics',
        blockRange: blockRangeOf('2h'),
        memoryBytes: MEMORY_BYTES,
        labels,
        signal,
      }),
    );
    if (flags.quiet || blocks.length === 0) return;
    const out = new Output();
    const made = new Set(blocks.map(({ ulid }) => ulid));
    for (const line of promtoolBlocks(dir, flags['human-readable'], made)) out.line(line);
    out.flush();
  }
}
