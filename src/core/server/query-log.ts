/**
 * `query_log_file`: a line of JSON for each query that was run, with the fields that Prometheus writes.
 * See https://prometheus.io/docs/guides/query-log/
 */
import { createWriteStream, openSync, type WriteStream } from 'node:fs';
import { InputError } from '../errors.ts';
import type { Registry } from '../instrument/index.ts';

/** What waits to be written while the disk is slow; lines beyond it are lost, and counted. */
const MAX_WAITING_BYTES = 8 << 20;

export class QueryLog {
  private file: WriteStream | undefined;
  private failures = 0;

  register(registry: Registry): void {
    registry.reading('gauge', 'prometheus_engine_query_log_enabled', 'State of the query log.', () =>
      Number(this.enabled),
    );
    registry.reading(
      'counter',
      'prometheus_engine_query_log_failures_total',
      'The number of query log failures.',
      () => this.failures,
    );
  }

  get enabled(): boolean {
    return this.file !== undefined;
  }

  /** Goes on in `file`, from now on; undefined for no log. */
  use(file: QueryLogFile | undefined): void {
    this.file?.end();
    this.file = file?.stream;
    file?.stream.on('error', () => {
      this.failures++;
    });
  }

  write(line: object): void {
    const { file } = this;
    if (file === undefined) return;
    if (file.writableLength > MAX_WAITING_BYTES || file.destroyed) this.failures++;
    else file.write(`${JSON.stringify(line)}\n`);
  }

  /** Resolves when all is written. */
  close(): Promise<void> {
    const { file } = this;
    this.file = undefined;
    return new Promise((resolve) => {
      if (file === undefined || file.destroyed) resolve();
      else file.once('close', resolve).end();
    });
  }
}

/** A file that can be written to. */
export class QueryLogFile {
  readonly stream: WriteStream;

  /** Opens `path` to add to it; undefined for ''. Throws InputError where that is not possible. */
  static open(path: string): QueryLogFile | undefined {
    return path === '' ? undefined : new QueryLogFile(path);
  }

  private constructor(path: string) {
    try {
      this.stream = createWriteStream(path, { fd: openSync(path, 'a', 0o666) });
    } catch (error) {
      throw new InputError('query_log', `query_log_file cannot be opened: ${(error as Error).message}`);
    }
  }

  /** For one that is not used after all. */
  close(): void {
    this.stream.destroy();
  }
}
