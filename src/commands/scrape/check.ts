import { Args, Flags } from '@oclif/core';
import { CommandFailure, EXIT_FAILED, TsmonCommand } from '../../cli/command.ts';
import { fetchClientOptions, httpFlags } from '../../cli/http-flags.ts';
import { Output } from '../../cli/output.ts';
import { systemClock } from '../../core/clock.ts';
import { InputError } from '../../core/errors.ts';
import { createWriter } from '../../core/exposition/format.ts';
import {
  cardinality,
  cardinalityTable,
  type LintFamily,
  lint,
  readFamilies,
  toText,
} from '../../core/exposition/lint/index.ts';
import type { ScrapeProtocol } from '../../core/exposition/negotiation.ts';
import { BAD_EXPOSITION, type ExpositionFormat } from '../../core/exposition/parser.ts';
import { writeFamilies } from '../../core/exposition/writer.ts';
import { BodyBuffer } from '../../core/http/body.ts';
import { parseByteSize } from '../../core/model/byte-size.ts';
import { parseDuration } from '../../core/model/duration.ts';
import { openInput, type Target, targetFromArgument } from '../../core/scrape/index.ts';
import type { Exposed } from '../../core/scrape/input.ts';

/** As promtool has it: there are findings. */
const EXIT_FINDINGS = 3;

const TEXT: readonly ScrapeProtocol[] = ['PrometheusText0.0.4'];
const OPENMETRICS: readonly ScrapeProtocol[] = ['OpenMetricsText1.0.0', 'OpenMetricsText0.0.1'];

export default class ScrapeCheck extends TsmonCommand {
  static override summary = 'Check what a target exposes, its names, units and help texts';
  static override description =
    `Reads an exposition and prints what is wrong or unusual about it, one finding a line: the metric, and what Prometheus' guidelines say of it. These are the findings of "promtool check metrics". Text is read as a client library reads it, which is stricter than a scrape; OpenMetrics, protobuf and JSON Lines are read as by a scrape and then checked as text.

Exit status: 0 nothing found, 1 not a valid exposition, 2 wrong usage or a target that cannot be read, 3 findings.`;

  static override examples = [
    { description: 'An exporter that runs', command: '<%= config.bin %> scrape check localhost:9100' },
    {
      description: 'A file, and how many series each family has',
      command: '<%= config.bin %> scrape check --extended metrics.prom',
    },
    {
      description: 'Whether it is OpenMetrics as the specification wants it',
      command: 'curl -s localhost:8080/metrics | <%= config.bin %> scrape check --strict',
    },
  ];

  static override args = {
    target: Args.string({
      description: 'URL, host:port, unix:SOCKET, file, host: or self:; standard input without one',
      default: '-',
      ignoreStdin: true,
    }),
  };

  static override flags = {
    extended: Flags.boolean({
      description: 'Print how many series each metric family has, the largest first',
    }),
    strict: Flags.boolean({
      description:
        'Take it for OpenMetrics, and accept only what the specification does: Prometheus takes more',
    }),
    output: Flags.string({
      char: 'o',
      description: 'How to print: text for people, or one JSON document',
      options: ['text', 'json'],
      default: 'text',
    }),
    timeout: Flags.string({
      description: 'Give up on the target after this time',
      helpValue: 'DURATION',
      helpGroup: 'LIMIT',
      default: '10s',
    }),
    'body-size-limit': Flags.string({
      description: 'Refuse a larger body, counted after decompression; 0 for no limit',
      helpValue: 'SIZE',
      helpGroup: 'LIMIT',
      default: '512MB',
    }),
    ...httpFlags,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ScrapeCheck);
    const target = targetFromArgument(args.target, { labels: {} });
    const { input, close } = await openInput(target, {
      clock: systemClock,
      client: fetchClientOptions(flags, this.config.version, false),
      timeoutMs: parseDuration(flags.timeout),
      bodySizeLimitBytes: parseByteSize(flags['body-size-limit']),
      protocols: flags.strict ? OPENMETRICS : TEXT,
      fallbackProtocol: flags.strict ? OPENMETRICS[0] : TEXT[0],
      stdin: process.stdin,
      textfileDirectories: [],
      onCollectorFailure: (reason) => this.complain(`host: ${reason}`),
    });
    const body = new BodyBuffer();
    const families = this.read(await input.read(body, undefined).finally(close), body, target, flags.strict);
    const findings = lint(families);
    const counts = flags.extended ? cardinality(families) : undefined;

    const out = new Output();
    if (flags.output === 'json') {
      out.line(JSON.stringify({ findings, cardinality: counts }));
    } else {
      for (const { metric, text } of findings) out.line(`${metric} ${text}`);
      if (counts !== undefined) for (const line of cardinalityTable(counts)) out.line(line);
    }
    out.flush();
    if (findings.length > 0) process.exitCode = EXIT_FINDINGS;
  }

  private read(exposed: Exposed, body: BodyBuffer, target: Target, strict: boolean): LintFamily[] {
    try {
      if ('families' in exposed) {
        const writer = createWriter('text');
        writeFamilies(writer, exposed.families);
        writer.end();
        return readFamilies(writer.take());
      }
      const format: ExpositionFormat = strict && exposed.format === 'text' ? 'openmetrics' : exposed.format;
      return readFamilies(toText(body.bytes, format, strict ? { level: 'strict' } : {}));
    } catch (error) {
      if (!(error instanceof InputError) || error.code !== BAD_EXPOSITION) throw error;
      throw new CommandFailure(EXIT_FAILED, error.in({ file: target.name }).message);
    }
  }
}
