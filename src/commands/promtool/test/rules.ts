import { readFileSync, writeFileSync } from 'node:fs';
import { Args, Flags } from '@oclif/core';
import { EXIT_FAILED } from '../../../cli/command.ts';
import { Output } from '../../../cli/output.ts';
import { PromtoolCommand } from '../../../cli/promtool-command.ts';
import { promtoolFaults, promtoolRuleFaults } from '../../../cli/promtool-faults.ts';
import { type JUnitSuite, promtoolFailure, promtoolJUnit } from '../../../cli/promtool-unit-tests.ts';
import { openUnitTests } from '../../../cli/rule-unit-tests.ts';
import { systemClock } from '../../../core/clock.ts';
import { labelsInBraces } from '../../../core/model/labels-text.ts';
import { Search } from '../../../core/regex/index.ts';
import { UnitTestSuite } from '../../../core/rules/unit-test.ts';

export default class PromtoolTestRules extends PromtoolCommand {
  static override summary = 'promtool test rules: unit tests of rules';
  static override description =
    'What promtool prints, and its exit status: 0 all tests pass, 1 some do not. Only the rules are evaluated that a test depends on. "tsmon rules test" says more, and where.';

  static override examples = [
    { description: 'As in a CI job', command: '<%= config.bin %> promtool test rules tests/*.yml' },
  ];

  static override strict = false;
  static override args = {
    'test-rule-file': Args.string({ description: 'The unit test files', required: true, ignoreStdin: true }),
  };

  static override flags = {
    junit: Flags.string({ description: 'Write the results to this file as JUnit XML', helpValue: 'FILE' }),
    run: Flags.string({
      description: 'Only test groups whose names match this regular expression; repeat for several',
      multiple: true,
      multipleNonGreedy: true,
    }),
    debug: Flags.boolean({ description: 'Print what each test had stored in the end', allowNo: true }),
    diff: Flags.boolean({ description: 'Print how alerts differ, line by line', allowNo: true }),
    'ignore-unknown-fields': Flags.boolean({
      description: 'Accept unknown fields in the files',
      allowNo: true,
    }),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(PromtoolTestRules);
    const files = argv as string[];
    this.requireFiles(files);
    const patterns = (flags.run ?? []).map((pattern) => new Search(pattern));
    const selects = (name: string) => patterns.length === 0 || patterns.some((pattern) => pattern.test(name));
    const features = flags['enable-feature'] ?? [];
    const engine = {
      parser: this.parserOptions(features),
      delayedNameRemoval: features.includes('promql-delayed-name-removal'),
    };
    const out = new Output();
    const suites: JUnitSuite[] = [];
    for (const file of files) {
      const suite: JUnitSuite = { file, cases: [] };
      suites.push(suite);
      const { tests, rules, faults } = openUnitTests(readFileSync(file, 'utf8'), file, {
        parser: engine.parser,
        ignoreUnknownFields: flags['ignore-unknown-fields'],
        selects,
        onNoMatch: (pattern) => this.say(`  WARNING: no file match pattern ${pattern}`),
      });
      if (faults.length > 0) {
        const own = faults.filter(({ place }) => place.file === file);
        const ofRules = rules.flatMap((rule) => promtoolRuleFaults(rule.file, rule.errors));
        const texts = own.length > 0 ? promtoolFaults('', own) : ofRules;
        suite.failure = texts.join('\n');
        this.fail(texts, out);
        continue;
      }
      const runner = new UnitTestSuite(tests, rules, {
        engine,
        dump: flags.debug,
        labelsText: labelsInBraces,
      });
      const failures: string[] = [];
      for (const [i, test] of tests.tests.entries()) {
        if (!selects(test.name)) continue;
        const before = systemClock.monotonic();
        if (flags.debug) out.line(`DEBUG: Starting test ${test.name}`);
        const result = await runner.run(test);
        if (flags.debug) {
          out.line('DEBUG: Dump of all data (input_series and rules):');
          for (const line of result.dump) out.line(line);
          out.line(
            `DEBUG: Test ${test.name} finished, took ${(systemClock.monotonic() - before).toFixed(3)}ms`,
          );
        }
        const texts = result.failures.map((failure) => promtoolFailure(test.name, failure, flags.diff));
        suite.cases.push({ name: test.name === '' ? `unnamed#${i}` : test.name, failures: texts });
        failures.push(...texts);
      }
      if (failures.length > 0) this.fail(failures, out);
      else out.line('  SUCCESS\n');
    }
    out.flush();
    if (flags.junit !== undefined)
      writeFileSync(flags.junit, promtoolJUnit(suites, new Date(systemClock.now())));
  }

  private fail(texts: readonly string[], out: Output): void {
    process.exitCode = EXIT_FAILED;
    out.flush();
    this.say('  FAILED:');
    for (const text of texts) {
      this.say(text);
      out.line('');
      out.flush();
    }
    out.line('');
  }
}
