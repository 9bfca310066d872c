/** Opens the rule files that a command is given. */
import { readFileSync } from 'node:fs';
import { ALL_PARSER_FEATURES } from '../core/promql/parser/index.ts';
import type { LintedFile } from '../core/rules/lint/index.ts';
import { parseRuleFile } from '../core/rules/rule-file.ts';
import { inputName } from './input.ts';

/** Reads what can be read of each, - being standard input; experimental PromQL is fine. Faults are in `rules.errors`. */
export function readRuleFiles(paths: readonly string[]): LintedFile[] {
  return (paths.length === 0 ? ['-'] : paths).map((path) => {
    const text = readFileSync(path === '-' ? 0 : path, 'utf8');
    const rules = parseRuleFile(text, inputName(path), {
      parser: ALL_PARSER_FEATURES,
      ignoreUnknownFields: true,
    });
    return { text, rules };
  });
}
