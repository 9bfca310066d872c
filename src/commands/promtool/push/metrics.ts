import { readFileSync } from 'node:fs';
import { STATUS_CODES } from 'node:http';
import { Args, Flags } from '@oclif/core';
import { EXIT_FAILED } from '../../../cli/command.ts';
import { Output } from '../../../cli/output.ts';
import { PromtoolCommand } from '../../../cli/promtool-command.ts';
import { textFormatFault } from '../../../cli/promtool-faults.ts';
import { headerFlag, httpConfigFlag, keyValues, openPromtoolClient } from '../../../cli/promtool-http.ts';
import { writeRequestOf } from '../../../cli/promtool-push.ts';
import { systemClock } from '../../../core/clock.ts';
import { InputError } from '../../../core/errors.ts';
import { readFamilies } from '../../../core/exposition/lint/index.ts';
import { BodyBuffer } from '../../../core/http/body.ts';
import type { FetchClient } from '../../../core/http/fetch.ts';
import { parseDuration } from '../../../core/model/duration.ts';
import { WRITE_V1_HEADERS } from '../../../core/remote/write-request.ts';

/** So much of what a server says is shown. */
const SHOWN_BYTES = 1024;

export default class PromtoolPushMetrics extends PromtoolCommand {
  static override summary = 'promtool push metrics: write samples from the text format to a server';
  static override description =
    'What promtool does and prints: a remote write request (1.0) for each file, samples without a time have that of the moment. Exit status: 0 all are written, 1 some are not.';

  static override examples = [
    {
      description: 'A file',
      command: '<%= config.bin %> promtool push metrics http://localhost:9090/api/v1/write metrics.prom',
    },
    {
      description: 'What an exporter says',
      command:
        'curl -s localhost:9100/metrics | <%= config.bin %> promtool push metrics --label job=node http://localhost:9090/api/v1/write',
    },
  ];

  static override strict = false;
  static override args = {
    'remote-write-url': Args.string({
      description: 'Prometheus remote write url to push metrics',
      required: true,
      ignoreStdin: true,
    }),
    'metric-files': Args.string({
      description: 'The metric files to push, default is read from standard input',
      ignoreStdin: true,
    }),
  };

  static override flags = {
    'http.config.file': httpConfigFlag,
    label: Flags.string({
      description: 'Label to attach to metrics; repeat for several',
      helpValue: 'NAME=VALUE',
      default: ['job=promtool'],
      multiple: true,
      multipleNonGreedy: true,
    }),
    timeout: Flags.string({ description: 'The time to wait for pushing metrics', default: '30s' }),
    header: headerFlag,
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(PromtoolPushMetrics);
    const [url, ...files] = argv as string[];
    const labels = keyValues(flags.label);
    this.requireFiles(files);
    const { 'http.config.file': file, header: headers } = flags;
    const client = openPromtoolClient({ version: this.config.version, file, headers });
    const out = new Output();
    try {
      for (const path of files.length === 0 ? ['-'] : files) {
        const name = path === '-' ? 'standard input' : `metrics file ${path}`;
        out.line(`Parsing ${name}`);
        const failure = await this.push(readFileSync(path === '-' ? 0 : path), labels, {
          client,
          url,
          timeoutMs: parseDuration(flags.timeout),
        });
        if (failure === undefined) out.line(`  SUCCESS: ${name} pushed to remote write.`);
        out.flush();
        if (failure === undefined) continue;
        this.say(`  FAILED: ${failure}`);
        process.exitCode = EXIT_FAILED;
      }
    } finally {
      client.close();
    }
  }

  /** Why it has failed; undefined where it has not. */
  private async push(
    text: Uint8Array,
    labels: readonly [string, string][],
    to: { client: FetchClient; url: string; timeoutMs: number },
  ): Promise<string | undefined> {
    try {
      readFamilies(text);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return textFormatFault(error);
    }
    if (!/^https?:/i.test(to.url)) return `Post ${JSON.stringify(to.url)}: unsupported protocol scheme ""`;
    const url = new URL(to.url);
    const answer = new BodyBuffer();
    try {
      const { status } = await to.client.fetch(
        {
          url,
          headers: WRITE_V1_HEADERS,
          content: writeRequestOf(text, labels, systemClock.now()),
          timeoutMs: to.timeoutMs,
          bodySizeLimitBytes: 0,
          accepts: () => true,
        },
        answer,
      );
      if (status >= 200 && status < 300) return undefined;
      const said = Buffer.from(answer.bytes).subarray(0, SHOWN_BYTES).toString('utf8');
      return `server returned HTTP status ${status} ${STATUS_CODES[status] ?? ''}: ${said}`;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return `Post "${url.href}": ${error.reason}`;
    }
  }
}
