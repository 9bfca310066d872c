/** Servers for tests: processes on a free port, with a directory of their own. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { startTsmon } from '../../cli.ts';

export class RunningServer {
  readonly process: ChildProcess;
  readonly log: string[] = [];
  private readonly exited: Promise<unknown[]>;

  /** Runs in `dir`, with its data in `data` there; ends with the test. */
  constructor(dir: string, args: readonly string[], env: Record<string, string> = {}) {
    this.process = startTsmon(['serve', '--listen', '127.0.0.1:0', ...args], {
      cwd: dir,
      env: { ...process.env, ...env },
    });
    this.exited = once(this.process, 'exit');
    this.process.stderr!.on('data', (bytes) => this.log.push(...String(bytes).split('\n').filter(Boolean)));
    onTestFinished(() => {
      this.process.kill('SIGKILL');
    });
  }

  /** When it is ready, its URL; `prefix` is what comes before all paths. */
  async url(prefix = ''): Promise<string> {
    return vi.waitFor(
      async () => {
        const address = / address=(\S+)/.exec(this.log.join('\n'))?.[1];
        if (address === undefined) throw new Error(`does not listen: ${this.log.join('\n')}`);
        const { status } = await fetch(`http://${address}${prefix}/-/ready`);
        if (status !== 200) throw new Error(`not ready: ${status}`);
        return `http://${address}${prefix}`;
      },
      { timeout: 30_000, interval: 50 },
    );
  }

  /** The `data` of an answer of the API. */
  // biome-ignore lint/suspicious/noExplicitAny: what an answer looks like is what its test says.
  async api(path: string, init?: RequestInit): Promise<any> {
    const answer = await fetch(`${await this.url()}/api/v1/${path}`, init);
    const body = (await answer.json()) as { status: string; data: unknown };
    if (body.status !== 'success') throw new Error(JSON.stringify(body));
    return body.data;
  }

  /** The value of an instant query for one series; undefined without one. */
  async value(query: string): Promise<number | undefined> {
    const { result } = await this.api(`query?query=${encodeURIComponent(query)}`);
    return result.length === 0 ? undefined : Number(result[0].value[1]);
  }

  /** The exit status, after a signal or of itself. */
  async end(signal?: NodeJS.Signals): Promise<number | null> {
    if (signal !== undefined) this.process.kill(signal);
    const [status] = await this.exited;
    return status as number | null;
  }
}

/** A directory for the running test, with these files in it. */
export function directory(files: Record<string, string> = {}): string {
  const dir = mkdtempSync(join(tmpdir(), 'tsmon-serve-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  return dir;
}
