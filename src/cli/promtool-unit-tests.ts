/** The outcome of unit tests of rules as promtool prints it, and the XML that it writes for JUnit's readers. */
import { formatDuration } from '../core/model/duration.ts';
import { goQuote } from '../core/model/quote.ts';
import type { UnitTestFailure } from '../core/rules/unit-test-failure.ts';
import { alertDiff } from './promtool-diff.ts';

export function promtoolFailure(name: string, failure: UnitTestFailure, diff: boolean): string {
  const time = formatDuration(failure.timeMs);
  switch (failure.kind) {
    case 'rule':
      return `    rule: ${failure.rule}, time: ${goDuration(failure.timeMs)}, err: ${failure.error}`;
    case 'error':
      return `    expr: ${goQuote(failure.expr)}, time: ${time}, err: ${failure.error}`;
    case 'expr': {
      const list = (lines: readonly string[]) => (lines.length === 0 ? 'nil' : lines.join(', '));
      return `    expr: ${goQuote(failure.expr)}, time: ${time},\n        exp: ${list(failure.expected)}\n        got: ${list(failure.got)}`;
    }
    case 'alert': {
      const head = `${name === '' ? '' : `    name: ${name},\n`}    alertname: ${failure.alert}, time: ${time}, \n`;
      if (!diff)
        return `${head}        exp:${alerts(failure.expected)}, \n        got:${alerts(failure.got)}`;
      return head + alertDiff(failure.alerts.expected, failure.alerts.got).join('\n');
    }
  }
}

/** `1h0m0s`: here promtool prints a duration of Go's. */
function goDuration(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  const seconds = `${(ms % 60_000) / 1000}s`;
  if (minutes === 0) return ms % 1000 === ms && ms > 0 ? `${ms}ms` : seconds;
  return minutes < 60 ? `${minutes}m${seconds}` : `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`;
}

function alerts(lines: readonly string[]): string {
  if (lines.length === 0) return '[]';
  const items = lines.map((line, i) => {
    const at = line.indexOf(' Annotations:{');
    return `            ${i}:\n              ${line.slice(0, at)}\n              ${line.slice(at + 1)}`;
  });
  return `[\n${items.join(',\n')}\n            ]`;
}

export interface JUnitSuite {
  file: string;
  cases: { name: string; failures: string[] }[];
  /** The file itself could not be read. */
  failure?: string;
}

export function promtoolJUnit(suites: readonly JUnitSuite[], now: Date): string {
  const stamp = now.toISOString().slice(0, 19);
  const body = suites.map(({ file, cases, failure }) => {
    const failed = cases.reduce((sum, { failures }) => sum + failures.length, 0);
    const inner = cases.map(({ name, failures }) => {
      const texts = failures.map((text) => `<failure>${escaped(text)}</failure>`).join('');
      return `<testcase name="${escaped(name)}">${texts}</testcase>`;
    });
    if (failure !== undefined)
      inner.push(`<testcase name="unknown"><error>${escaped(failure)}</error></testcase>`);
    const errors = failure === undefined ? 0 : 1;
    const time = failure === undefined ? stamp : '';
    return `<testsuite name="${escaped(file)}" tests="${inner.length}" failures="${failed}" errors="${errors}" skipped="0" timestamp="${time}">${inner.join('')}</testsuite>`;
  });
  return `<testsuites>${body.join('')}</testsuites>`;
}

function escaped(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&#34;',
    "'": '&#39;',
  };
  return text
    .replace(/[&<>"']/g, (char) => entities[char])
    .replaceAll('\n', '&#xA;')
    .replaceAll('\t', '&#x9;');
}
