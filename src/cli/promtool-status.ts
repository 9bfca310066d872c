/** Asks a server whether it is healthy, or ready. */
import { Flags } from '@oclif/core';
import { InputError } from '../core/errors.ts';
import { BodyBuffer } from '../core/http/body.ts';
import { CommandFailure, EXIT_FAILED } from './command.ts';
import { PromtoolCommand, promtoolCheckFlags } from './promtool-command.ts';
import { httpConfigFlag, openPromtoolClient, serverUrl } from './promtool-http.ts';

const TIMEOUT_MS = 10_000;
const BODY_LIMIT_BYTES = 1024 * 1024;

export const statusFlags = {
  ...promtoolCheckFlags,
  'http.config.file': httpConfigFlag,
  url: Flags.string({
    description: 'The URL for the Prometheus server',
    default: 'http://localhost:9090',
  }),
};

export abstract class PromtoolStatus extends PromtoolCommand {
  /** Prints the answer to `GET /-/PAGE`; any status but 200 is a failure. */
  protected async askStatus(
    flags: { url: string; 'http.config.file'?: string | undefined },
    page: 'healthy' | 'ready',
  ): Promise<void> {
    const base = serverUrl(flags.url);
    const url = new URL(`${base.replace(/\/+$/, '')}/-/${page}`);
    const client = openPromtoolClient({ version: this.config.version, file: flags['http.config.file'] });
    const body = new BodyBuffer();
    const request = {
      url,
      headers: {},
      timeoutMs: TIMEOUT_MS,
      bodySizeLimitBytes: BODY_LIMIT_BYTES,
      accepts: () => true,
    };
    try {
      const { status } = await client.fetch(request, body);
      const text = Buffer.from(body.bytes).toString('utf8').trim();
      if (status !== 200)
        throw new CommandFailure(EXIT_FAILED, `check failed: URL=${base}, status=${status}`);
      this.say(`  SUCCESS:  ${text}\n`);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new CommandFailure(EXIT_FAILED, `Get "${url.href}": ${error.reason}`);
    } finally {
      client.close();
    }
  }
}
