/** Rule and test files for the tests beside. */
import {
  parseRuleFile,
  parseUnitTestFile,
  type UnitTestResult,
  UnitTestSuite,
} from '../../../src/core/rules/index.ts';

/** A file with one group of the given rules, each a YAML map. */
export function groupOf(rules: readonly string[], group = 'name: g'): string {
  return `groups:\n- ${group}\n  rules:\n${rules.map((rule) => `  - ${rule}\n`).join('')}`;
}

/** Runs the only test of a unit test, given as the body of its list entry, over one rule file. */
export async function runOnly(rules: string, test: string, everyRule = false): Promise<UnitTestResult> {
  const file = parseRuleFile(rules, 'rules.yml');
  const { tests, errors } = parseUnitTestFile(
    `tests:\n- ${test.trim().replaceAll('\n', '\n  ')}\n`,
    'test.yml',
  );
  const faults = [...file.errors, ...errors];
  if (faults.length > 0) throw faults[0];
  return new UnitTestSuite(tests, [file], { everyRule }).run(tests.tests[0]);
}
