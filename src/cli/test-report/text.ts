/** For people: every failure with what differs, then a line a file and one for all. */
import type { Output } from '../output.ts';
import type { Painter } from '../paint.ts';
import { changedLines } from './diff.ts';
import type { TestCase, TestFailure, TestReport } from './test-case.ts';

interface Tally {
  passed: number;
  failed: number;
}

export class TextReport implements TestReport {
  private readonly output: Output;
  private readonly paint: Painter;
  private readonly tallies = new Map<string, Tally>();

  constructor(output: Output, paint: Painter) {
    this.output = output;
    this.paint = paint;
  }

  add(test: TestCase): void {
    const { paint } = this;
    const tally = this.tallies.get(test.file) ?? { passed: 0, failed: 0 };
    this.tallies.set(test.file, tally);
    if (test.failure === null) {
      tally.passed++;
      return;
    }
    tally.failed++;
    this.output.line(`${paint.red('✗')} ${paint.bold(`${test.file}:${test.line}`)} ${test.name}`);
    this.printFailure(test.failure);
    this.output.line('');
    // Failures are read while the rest is running.
    this.output.flush();
  }

  end(): void {
    const { paint, output, tallies } = this;
    for (const [file, { passed, failed }] of tallies) {
      const sign = failed === 0 ? paint.green('✓') : paint.red('✗');
      output.line(`${sign} ${file}: ${counts(passed, failed)}`);
    }
    if (tallies.size > 1) {
      const all = [...tallies.values()];
      const passed = all.reduce((sum, tally) => sum + tally.passed, 0);
      const failed = all.reduce((sum, tally) => sum + tally.failed, 0);
      const text = `${counts(passed, failed)} in ${tallies.size} files`;
      output.line(paint.bold(failed === 0 ? paint.green(text) : paint.red(text)));
    }
    output.flush();
  }

  private printFailure(failure: TestFailure): void {
    const { paint, output } = this;
    for (const line of failure.message.split('\n')) output.line(`    ${line}`);
    for (const { sign, text } of changedLines(failure)) {
      const line = `    ${sign} ${text}`;
      output.line(sign === '-' ? paint.red(line) : paint.green(line));
    }
  }
}

function counts(passed: number, failed: number): string {
  return failed === 0 ? `${passed} passed` : `${failed} failed, ${passed} passed`;
}
