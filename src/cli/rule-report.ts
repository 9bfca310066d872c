/** What a check found in a rule file: as promtool prints it, for GitHub, and for programs. */
import type { InputError } from '../core/errors.ts';
import type { DuplicateRule } from '../core/rules/index.ts';
import { githubAnnotation } from './github.ts';
import type { Output } from './output.ts';
import type { Painter } from './paint.ts';

export interface CheckedRules {
  file: string;
  rules: number;
  errors: readonly InputError[];
  duplicates: readonly DuplicateRule[];
}

/** `say` is for stderr, where faults go. */
export function printRules(
  { file, rules, errors, duplicates }: CheckedRules,
  out: Output,
  { say, paint }: { say: (line: string) => void; paint: Painter },
): void {
  out.line(`Checking ${file}`);
  if (errors.length === 0 && duplicates.length === 0) out.line(`  SUCCESS: ${rules} rules found`);
  out.line('');
  // So that what goes to the two streams stands in order where they meet.
  out.flush();
  if (errors.length > 0) say(`  ${paint.red('FAILED:')}`);
  for (const error of errors) say(error.message);
  if (duplicates.length === 0) return;
  say(`  ${paint.yellow('FAILED:')}`);
  say(`lint error ${duplicates.length} duplicate rule(s) found.`);
  for (const { name, labels, rules: same } of duplicates) {
    say(`Metric: ${name}`);
    say('Label(s):');
    for (const [label, value] of labels) say(`\t${label}: ${value}`);
    say(`At: ${same.map(({ place }) => `${file}:${place.line}`).join(', ')}`);
  }
  say('Might cause inconsistency while recording expressions');
}

export function annotateRules({ file, errors, duplicates }: CheckedRules, out: Output): void {
  for (const { place, reason } of errors) out.line(githubAnnotation('error', { ...place, file }, reason));
  for (const { name, rules } of duplicates) {
    for (const { place } of rules.slice(1)) {
      const message = `duplicate rule ${name}: the same labels as at line ${rules[0].place.line}`;
      out.line(githubAnnotation('warning', { ...place, file }, message));
    }
  }
}

export function rulesRecord({ file, rules, errors, duplicates }: CheckedRules) {
  return {
    file,
    rules,
    errors: errors.map(({ place, reason }) => ({ line: place.line, column: place.column, message: reason })),
    duplicates: duplicates.map(({ name, labels, rules: same }) => ({
      name,
      labels: labels.toObject(),
      lines: same.map(({ place }) => place.line),
    })),
  };
}
