/** Applies relabel rules to a label set. */
import { hash } from 'node:crypto';
import { isValidLabelName, type Labels, LabelsBuilder, toLowerCase, toUpperCase } from '../model/index.ts';
import { DEFAULT_REGEX, type RelabelRule } from './rule.ts';

/** The labels after all rules, the same object where nothing changed, or null where a rule dropped them. */
export function relabel(labels: Labels, rules: readonly RelabelRule[]): Labels | null {
  if (rules.length === 0) return labels;
  const builder = new LabelsBuilder(labels);
  for (const rule of rules) if (!applyRule(rule, builder)) return null;
  return builder.labels();
}

/** One rule's doing. */
export interface RelabelStep {
  rule: RelabelRule;
  /** The values of the source labels, joined; '' for actions that look at names only. */
  value: string;
  /** Whether the rule's condition held: the regex matched the value, or (labelmap and its like) some name. */
  matched: boolean;
  before: Labels;
  /** Null where this rule dropped the set, which ends the steps. */
  after: Labels | null;
}

/** As `relabel`, telling what each rule did. */
export function explainRelabel(
  labels: Labels,
  rules: readonly RelabelRule[],
): { result: Labels | null; steps: RelabelStep[] } {
  const steps: RelabelStep[] = [];
  const builder = new LabelsBuilder(labels);
  let before = labels;
  for (const rule of rules) {
    const step = { rule, value: sourceValue(rule, builder), matched: matches(rule, builder), before };
    if (!applyRule(rule, builder)) {
      steps.push({ ...step, after: null });
      return { result: null, steps };
    }
    before = builder.labels();
    steps.push({ ...step, after: before });
  }
  return { result: before, steps };
}

/** Whether the labels are kept. */
function applyRule(rule: RelabelRule, labels: LabelsBuilder): boolean {
  switch (rule.action) {
    case 'keep':
      return rule.regex.matches(sourceValue(rule, labels));
    case 'drop':
      return !rule.regex.matches(sourceValue(rule, labels));
    case 'keepequal':
      return labels.get(rule.targetLabel) === sourceValue(rule, labels);
    case 'dropequal':
      return labels.get(rule.targetLabel) !== sourceValue(rule, labels);
    case 'replace':
      replace(rule, labels);
      return true;
    case 'lowercase':
      labels.set(rule.targetLabel, toLowerCase(sourceValue(rule, labels)));
      return true;
    case 'uppercase':
      labels.set(rule.targetLabel, toUpperCase(sourceValue(rule, labels)));
      return true;
    case 'hashmod':
      labels.set(rule.targetLabel, hashMod(sourceValue(rule, labels), rule.modulus));
      return true;
    case 'labelmap':
      for (const [name, value] of labels.entries()) {
        const mapped = rule.regex.expand(name, rule.replacement);
        if (mapped !== undefined) labels.set(mapped, value);
      }
      return true;
    case 'labeldrop':
      labels.retain((name) => !rule.regex.matches(name));
      return true;
    case 'labelkeep':
      labels.retain((name) => rule.regex.matches(name));
      return true;
  }
}

function sourceValue({ sourceLabels, separator }: RelabelRule, labels: LabelsBuilder): string {
  if (sourceLabels.length === 0) return '';
  let value = labels.get(sourceLabels[0]);
  for (let i = 1; i < sourceLabels.length; i++) value += separator + labels.get(sourceLabels[i]);
  return value;
}

function replace(rule: RelabelRule, labels: LabelsBuilder): void {
  const { regex, targetLabel, replacement } = rule;
  const value = sourceValue(rule, labels);
  // A label set to a constant, the commonest rule of all, needs no matching.
  if (regex.pattern === DEFAULT_REGEX && !targetLabel.includes('$') && !replacement.includes('$')) {
    if (isValidLabelName(targetLabel, rule.nameScheme)) labels.set(targetLabel, replacement);
    return;
  }
  const groups = regex.capture(value);
  if (groups === undefined) return;
  const target = regex.expandGroups(groups, targetLabel);
  if (isValidLabelName(target, rule.nameScheme)) labels.set(target, regex.expandGroups(groups, replacement));
}

/** The last 64 bits of the MD5 sum, modulo `modulus`; in decimal. */
function hashMod(value: string, modulus: number): string {
  const digest = hash('md5', value, 'buffer');
  const high = digest.readUInt32BE(8);
  const low = digest.readUInt32BE(12);
  // Below 2^21 every intermediate result is exact in a number.
  if (modulus < 0x200000) return String(((high % modulus) * (0x100000000 % modulus) + low) % modulus);
  return String(((BigInt(high) << 32n) + BigInt(low)) % BigInt(modulus));
}

function matches(rule: RelabelRule, labels: LabelsBuilder): boolean {
  switch (rule.action) {
    case 'keepequal':
    case 'dropequal':
      return labels.get(rule.targetLabel) === sourceValue(rule, labels);
    case 'labelmap':
    case 'labeldrop':
    case 'labelkeep':
      return labels.entries().some(([name]) => rule.regex.matches(name));
    case 'lowercase':
    case 'uppercase':
    case 'hashmod':
      return true;
    default:
      return rule.regex.matches(sourceValue(rule, labels));
  }
}
