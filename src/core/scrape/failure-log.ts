/** `scrape_failure_log_file`: a line of JSON for every scrape that fails, as Prometheus writes it. */
import { createWriteStream, type WriteStream } from 'node:fs';

export class FailureLog {
  private readonly stream: WriteStream;

  /** `onFault` is told once where the file cannot be written; the log is lost then. */
  constructor(path: string, onFault: (message: string) => void) {
    this.stream = createWriteStream(path, { flags: 'a' });
    this.stream.once('error', (error) => onFault(`scrape failure log ${path}: ${error.message}`));
  }

  write(time: number, jobName: string, target: string, message: string): void {
    if (this.stream.errored !== null) return;
    const line = {
      time: new Date(time).toISOString(),
      level: 'ERROR',
      msg: message,
      job_name: jobName,
      target,
    };
    this.stream.write(`${JSON.stringify(line)}\n`);
  }

  close(): void {
    this.stream.end();
  }
}
