/** Checks one rule file as promtool does, and prints what it prints. */
import { readFileSync } from 'node:fs';
import type { ParserOptions } from '../core/promql/parser/index.ts';
import { duplicateRules } from '../core/rules/duplicates.ts';
import { parseRuleFile } from '../core/rules/rule-file.ts';
import type { Output } from './output.ts';
import { promtoolRuleFaults } from './promtool-faults.ts';

export const RULE_LINTS = ['all', 'duplicate-rules', 'none'];

export interface RuleCheck {
  parser: ParserOptions;
  ignoreUnknownFields: boolean;
  /** As --lint has them. */
  lints: readonly string[];
  out: Output;
  say: (line: string) => void;
}

export type RuleVerdict = 'good' | 'lint' | 'bad';

/** The worse of two. */
export function worse(a: RuleVerdict, b: RuleVerdict): RuleVerdict {
  return a === 'bad' || b === 'bad' ? 'bad' : a === 'lint' ? a : b;
}

/** Says of each name that --lint does not know. */
export function warnOfLints(given: readonly string[], known: readonly string[], out: Output): void {
  for (const lint of given) if (!known.includes(lint)) out.line(`WARNING: unknown lint option: "${lint}"`);
}

/** `path` is - for standard input. */
export function checkRuleFile(
  path: string,
  { parser, ignoreUnknownFields, lints, out, say }: RuleCheck,
): RuleVerdict {
  const file = path === '-' ? 'standard input' : path;
  out.line(`Checking ${file}`);
  const rules = parseRuleFile(readFileSync(path === '-' ? 0 : path, 'utf8'), file, {
    parser,
    ignoreUnknownFields,
  });
  if (rules.errors.length > 0) {
    out.flush();
    say('  FAILED:');
    for (const fault of promtoolRuleFaults(path === '-' ? '' : file, rules.errors)) say(fault);
    return 'bad';
  }
  const same = lints.includes('all') || lints.includes('duplicate-rules') ? duplicateRules(rules) : [];
  const count = rules.groups.reduce((sum, group) => sum + group.rules.length, 0);
  if (same.length === 0) {
    out.line(`  SUCCESS: ${count} rules found\n`);
    return 'good';
  }
  out.flush();
  say('  FAILED:');
  say(`lint error ${same.length} duplicate rule(s) found.`);
  for (const { name, labels } of same) {
    say(`Metric: ${name}`);
    say('Label(s):');
    for (const [label, value] of labels) say(`\t${label}: ${value}`);
  }
  say('Might cause inconsistency while recording expressions');
  out.line('');
  return 'lint';
}
