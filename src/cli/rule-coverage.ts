/** Says what of rules a suite of unit tests exercises: for people, as JSON, and as lcov's records. */
import type { CoveragePoint, RuleCoverage } from '../core/rules/test-coverage/index.ts';
import type { Painter } from './paint.ts';

export const COVERAGE_FORMATS = ['text', 'json', 'lcov'] as const;
export type CoverageFormat = (typeof COVERAGE_FORMATS)[number];

/** Percent of all points; 100 where there are none. */
export function coveredPercent(rules: readonly RuleCoverage[]): number {
  const points = rules.flatMap((rule) => rule.points());
  return points.length === 0 ? 100 : (100 * hits(points)) / points.length;
}

export function coverageLines(
  rules: readonly RuleCoverage[],
  format: CoverageFormat,
  paint: Painter,
): string[] {
  switch (format) {
    case 'json':
      return [JSON.stringify({ percent: coveredPercent(rules), rules: rules.map(record) })];
    case 'lcov':
      return lcov(rules);
    case 'text':
      return text(rules, paint);
  }
}

function text(rules: readonly RuleCoverage[], paint: Painter): string[] {
  const lines: string[] = [];
  for (const rule of rules) {
    const points = rule.points();
    const missed = points.filter(({ hit }) => !hit);
    if (missed.length === 0) continue;
    const untested = hits(points) === 0;
    lines.push(
      `${paint.bold(`${rule.file}:${rule.place.line}`)} ${rule.rule.kind} ${rule.rule.name}: ${untested ? paint.red('not tested') : `${hits(points)} of ${points.length}`}`,
    );
    if (!untested) for (const { what } of missed) lines.push(`    ${paint.red('never')} ${what}`);
  }
  const tested = rules.filter((rule) => hits(rule.points()) > 0).length;
  const points = rules.flatMap((rule) => rule.points());
  lines.push(
    `coverage: ${coveredPercent(rules).toFixed(1)}% (${hits(points)} of ${points.length} points; ${tested} of ${rules.length} rules tested)`,
  );
  return lines;
}

function record(rule: RuleCoverage) {
  const points = rule.points();
  return {
    file: rule.file,
    line: rule.place.line,
    group: rule.group,
    kind: rule.rule.kind,
    name: rule.rule.name,
    hit: hits(points),
    total: points.length,
    points,
  };
}

/** A rule is a line and a function, and each of its points a branch of it. */
function lcov(rules: readonly RuleCoverage[]): string[] {
  const lines: string[] = [];
  for (const file of new Set(rules.map((rule) => rule.file))) {
    lines.push('TN:', `SF:${file}`);
    const own = rules.filter((rule) => rule.file === file);
    for (const { place, rule } of own) lines.push(`FN:${place.line},${rule.name}`);
    for (const rule of own) lines.push(`FNDA:${hits(rule.points()) > 0 ? 1 : 0},${rule.rule.name}`);
    for (const rule of own) {
      for (const [i, { hit }] of rule.points().entries())
        lines.push(`BRDA:${rule.place.line},0,${i},${hit ? 1 : 0}`);
    }
    for (const rule of own) lines.push(`DA:${rule.place.line},${hits(rule.points()) > 0 ? 1 : 0}`);
    const points = own.flatMap((rule) => rule.points());
    const tested = own.filter((rule) => hits(rule.points()) > 0).length;
    lines.push(
      `FNF:${own.length}`,
      `FNH:${tested}`,
      `BRF:${points.length}`,
      `BRH:${hits(points)}`,
      `LF:${own.length}`,
      `LH:${tested}`,
      'end_of_record',
    );
  }
  return lines;
}

function hits(points: readonly CoveragePoint[]): number {
  return points.filter(({ hit }) => hit).length;
}
