/** Fetches what a server tells about itself into one archive, as promtool's debug commands do. */
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { Args } from '@oclif/core';
import { InputError } from '../core/errors.ts';
import { BodyBuffer } from '../core/http/body.ts';
import type { FetchClient } from '../core/http/fetch.ts';
import { CommandFailure, EXIT_FAILED } from './command.ts';
import { Output } from './output.ts';
import { PromtoolCommand } from './promtool-command.ts';
import { openPromtoolClient } from './promtool-http.ts';
import { type TarFile, tarOf } from './tar.ts';

const ARCHIVE = 'debug.tar.gz';
/** A profile takes half of that. */
const TIMEOUT_MS = 60_000;

/** What to ask for, and the name of its file. */
export interface DebugPage {
  path: string;
  file: string;
}

export const METRIC_PAGES: readonly DebugPage[] = [{ path: '/metrics', file: 'metrics.txt' }];

export const PROFILE_PAGES: readonly DebugPage[] = [
  { path: '/debug/pprof/goroutine', file: 'goroutine.pb' },
  { path: '/debug/pprof/heap', file: 'heap.pb' },
  { path: '/debug/pprof/block', file: 'block.pb' },
  { path: '/debug/pprof/mutex', file: 'mutex.pb' },
  { path: '/debug/pprof/threadcreate', file: 'threadcreate.pb' },
  { path: '/debug/pprof/profile?seconds=30', file: 'cpu.pb' },
  { path: '/debug/pprof/trace?seconds=30', file: 'trace.pb' },
];

export const debugArgs = {
  server: Args.string({ description: 'Prometheus server to ask', required: true, ignoreStdin: true }),
};

export abstract class PromtoolDebug extends PromtoolCommand {
  /** Writes debug.tar.gz into the working directory; nothing where a page is missing. */
  protected async collect(server: string, pages: readonly DebugPage[]): Promise<void> {
    const client = openPromtoolClient({ version: this.config.version });
    const out = new Output();
    const files: TarFile[] = [];
    try {
      for (const { path, file } of pages) {
        out.line(`collecting: ${server}${path}`);
        out.flush();
        files.push({ name: file, bytes: await fetchPage(client, `${server}${path}`) });
      }
    } finally {
      client.close();
    }
    writeFileSync(ARCHIVE, gzipSync(tarOf(files)));
    out.line(`Compiling debug information complete, all files written in "${ARCHIVE}".`);
    out.flush();
  }
}

async function fetchPage(client: FetchClient, url: string): Promise<Uint8Array> {
  const failed = (reason: string) =>
    new CommandFailure(
      EXIT_FAILED,
      `error completing debug command: error executing HTTP request: ${reason}`,
    );
  if (!URL.canParse(url)) throw failed(`${JSON.stringify(url)} is not a URL`);
  const body = new BodyBuffer();
  const request = { url: new URL(url), headers: {}, timeoutMs: TIMEOUT_MS, bodySizeLimitBytes: 0 };
  try {
    const { status } = await client.fetch({ ...request, accepts: () => true }, body);
    if (status === 200) return body.bytes.slice();
    const hint = url.includes('/debug/pprof/')
      ? ': only servers that are written in Go have profiles ("debug metrics" asks for what every server has)'
      : '';
    throw failed(`Get "${url}": HTTP status ${status}${hint}`);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw failed(`Get "${url}": ${error.reason}`);
  }
}
