/** Rules that write the same series: same name, same labels, those of their groups included. Prometheus accepts them; one hides the other. */
import { compareStrings, type Labels, labelsFromPairs } from '../model/labels.ts';
import { labelsOf, type RuleConfig, type RuleFile } from './rule-file.ts';

export interface DuplicateRule {
  name: string;
  labels: Labels;
  /** All the rules with this name and these labels, two at least. */
  rules: RuleConfig[];
}

/** Sorted by name, then labels. */
export function duplicateRules({ groups }: RuleFile): DuplicateRule[] {
  const byKey = new Map<string, DuplicateRule>();
  for (const group of groups) {
    for (const rule of group.rules) {
      const labels = labelsFromPairs(labelsOf(group, rule));
      const key = `${rule.name}\0${labels}`;
      const known = byKey.get(key);
      if (known === undefined) byKey.set(key, { name: rule.name, labels, rules: [rule] });
      else known.rules.push(rule);
    }
  }
  return [...byKey.values()]
    .filter(({ rules }) => rules.length > 1)
    .sort((a, b) => compareStrings(a.name, b.name) || a.labels.compare(b.labels));
}
