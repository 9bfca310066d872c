/** The Test Anything Protocol, version 14 (https://testanything.org/tap-version-14-specification.html). */
import type { Output } from '../output.ts';
import type { TestCase, TestReport } from './test-case.ts';

export class TapReport implements TestReport {
  private readonly output: Output;
  private count = 0;

  constructor(output: Output) {
    this.output = output;
    output.line('TAP version 14');
  }

  add({ file, line, name, failure }: TestCase): void {
    this.count++;
    const what = `${this.count} - ${file}:${line} ${name}`.replace(/[\\#]/g, '\\$&').replaceAll('\n', ' ');
    this.output.line(failure === null ? `ok ${what}` : `not ok ${what}`);
    if (failure === null) return;
    this.output.line('  ---');
    this.block('message', failure.message.split('\n'));
    if (failure.expected.length + failure.got.length > 0) {
      this.block('expected', failure.expected);
      this.block('got', failure.got);
    }
    this.output.line('  ...');
  }

  end(): void {
    this.output.line(`1..${this.count}`);
    this.output.flush();
  }

  /** A YAML literal block, in which nothing needs to be escaped. */
  private block(key: string, lines: readonly string[]): void {
    this.output.line(lines.length === 0 ? `  ${key}: ''` : `  ${key}: |`);
    for (const line of lines) this.output.line(`    ${line}`);
  }
}
