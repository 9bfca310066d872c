/** The XML that JUnit's Ant task writes and every CI reads: a suite a file. */
import type { Output } from '../output.ts';
import { changedLines } from './diff.ts';
import type { TestCase, TestReport } from './test-case.ts';

export class JUnitReport implements TestReport {
  private readonly output: Output;
  /** By file, in order. */
  private readonly suites = new Map<string, TestCase[]>();

  constructor(output: Output) {
    this.output = output;
  }

  add(test: TestCase): void {
    const suite = this.suites.get(test.file);
    if (suite === undefined) this.suites.set(test.file, [test]);
    else suite.push(test);
  }

  end(): void {
    const { output } = this;
    output.line('<?xml version="1.0" encoding="UTF-8"?>');
    output.line(`<testsuites ${totals([...this.suites.values()].flat())}>`);
    for (const [file, tests] of this.suites) {
      output.line(`  <testsuite name=${attribute(file)} ${totals(tests)}>`);
      for (const test of tests) this.printCase(test);
      output.line('  </testsuite>');
    }
    output.line('</testsuites>');
    output.flush();
  }

  private printCase({ file, line, name, failure, durationMs }: TestCase): void {
    const { output } = this;
    const head =
      `    <testcase classname=${attribute(file)} name=${attribute(`${line}: ${name}`)} ` +
      `file=${attribute(file)} line="${line}" time="${seconds(durationMs)}"`;
    if (failure === null) {
      output.line(`${head}/>`);
      return;
    }
    const [message, ...more] = failure.message.split('\n');
    const details = [...more, ...changedLines(failure).map(({ sign, text }) => `${sign} ${text}`)];
    output.line(`${head}>`);
    output.line(`      <failure message=${attribute(message)}>${escaped(details.join('\n'))}</failure>`);
    output.line('    </testcase>');
  }
}

function totals(tests: readonly TestCase[]): string {
  const failed = tests.filter(({ failure }) => failure !== null).length;
  const ms = tests.reduce((sum, { durationMs }) => sum + durationMs, 0);
  return `tests="${tests.length}" failures="${failed}" errors="0" time="${seconds(ms)}"`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

function attribute(text: string): string {
  return `"${escaped(text).replaceAll('"', '&quot;').replaceAll('\n', '&#10;')}"`;
}

/** What XML 1.0 has no place for becomes U+FFFD. */
function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '\ufffd');
}
