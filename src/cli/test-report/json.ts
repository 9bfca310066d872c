/** One JSON document for programs: every test, and how many failed. */
import type { Output } from '../output.ts';
import type { TestCase, TestReport } from './test-case.ts';

export class JsonReport implements TestReport {
  private readonly output: Output;
  private readonly tests: object[] = [];
  private failed = 0;

  constructor(output: Output) {
    this.output = output;
  }

  add({ file, line, name, failure, durationMs }: TestCase): void {
    if (failure !== null) this.failed++;
    const seconds = Math.round(durationMs * 1000) / 1e6;
    this.tests.push({ file, line, name, passed: failure === null, seconds, ...failure });
  }

  end(): void {
    const { tests, failed } = this;
    this.output.line(JSON.stringify({ passed: tests.length - failed, failed, tests }));
    this.output.flush();
  }
}
