import { expect, it } from 'vitest';
import type { Clock } from '../../../src/core/clock.ts';
import { EMPTY_LABELS, labelsFromObject, METRIC_NAME } from '../../../src/core/model/index.ts';
import { parseRuleFile, RuleGroup } from '../../../src/core/rules/index.ts';
import { MemorySource } from '../../../src/core/source/memory.ts';

const RULES = `groups:
- name: g
  rules:
  - {record: a, expr: in}
  - {record: b, expr: sum(in)}
  - {record: c, expr: max(in)}
`;

it('does not take it for work of a rule that the ones before it were at work', async () => {
  let now = 0;
  let last: Promise<void> = Promise.resolve();
  // One after another, ten milliseconds each, however many ask at a time.
  const source = new (class extends MemorySource {
    override async select(...args: Parameters<MemorySource['select']>) {
      last = last.then(async () => {
        for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
        now += 10;
      });
      await last;
      return super.select(...args);
    }
  })();
  source.series(labelsFromObject({ [METRIC_NAME]: 'in' })).addFloat(1000, Float64Array.of(1), 0);
  const [config] = parseRuleFile(RULES, 'rules.yml').groups;
  const clock = { now: () => now, monotonic: () => now } as Clock;
  const group = new RuleGroup(config, { concurrency: 4, clock });
  const context = { source, engine: {}, externalLabels: EMPTY_LABELS, externalUrl: '' };
  const failures = await group.evaluate(context, 1000, { addFloat: () => {}, addHistogram: () => {} });
  expect(failures).toEqual([]);
  expect(now).toBe(30);
  expect(group.statuses.map(({ durationMs }) => durationMs)).toEqual([10, 10, 10]);
});
