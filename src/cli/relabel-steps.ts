/** What each relabelling rule did to a label set, for people. */
import type { Labels } from '../core/model/labels.ts';
import type { RelabelRule, RelabelStep } from '../core/relabel/index.ts';
import { DEFAULT_REGEX, DEFAULT_REPLACEMENT, DEFAULT_SEPARATOR } from '../core/relabel/rule.ts';
import type { Painter } from './paint.ts';

/** The fields of a rule that are not what they are by default, in one line. */
export function ruleText(rule: RelabelRule): string {
  const parts: string[] = [rule.action];
  const field = (name: string, value: string) => parts.push(`${name}=${JSON.stringify(value)}`);
  if (rule.sourceLabels.length > 0) parts.push(`source_labels=[${rule.sourceLabels.join(', ')}]`);
  if (rule.separator !== DEFAULT_SEPARATOR) field('separator', rule.separator);
  if (rule.regex.pattern !== DEFAULT_REGEX) field('regex', rule.regex.pattern);
  if (rule.modulus !== 0) parts.push(`modulus=${rule.modulus}`);
  if (rule.targetLabel !== '') field('target_label', rule.targetLabel);
  if (rule.replacement !== DEFAULT_REPLACEMENT) field('replacement', rule.replacement);
  return parts.join(' ');
}

/** A few lines for each step: the rule, what it looked at, and what it changed. */
export function stepLines(steps: readonly RelabelStep[], paint: Painter): string[] {
  return steps.flatMap((step, i) => {
    const { rule, matched, value, before, after } = step;
    const looked = rule.sourceLabels.length > 0 ? ` (saw ${JSON.stringify(value)})` : '';
    const outcome = matched ? '' : ', no match';
    const head = `${String(i + 1).padStart(3)}. ${ruleText(rule)}${paint.dim(`${looked}${outcome}`)}`;
    if (after === null) return [head, `       ${paint.red('dropped')}`];
    return [head, ...changes(before, after).map((change) => `       ${painted(change, paint)}`)];
  });
}

/** `+ a="1"`, `- a="1"`, and `~ a="1" -> "2"`, by label name. */
export function changes(before: Labels, after: Labels): string[] {
  const names = [...new Set([...before.names, ...after.names])].sort();
  return names.flatMap((name) => {
    const [old, now] = [before.get(name), after.get(name)];
    if (old === now) return [];
    if (old === '') return [`+ ${name}=${JSON.stringify(now)}`];
    if (now === '') return [`- ${name}=${JSON.stringify(old)}`];
    return [`~ ${name}=${JSON.stringify(old)} -> ${JSON.stringify(now)}`];
  });
}

function painted(change: string, paint: Painter): string {
  if (change.startsWith('+')) return paint.green(change);
  return change.startsWith('-') ? paint.red(change) : paint.yellow(change);
}

/** A step as JSON. */
export function stepObject({ rule, value, matched, after }: RelabelStep): unknown {
  return { rule: ruleText(rule), value, matched, labels: after === null ? null : after.toObject() };
}
