import { describe, expect, it } from 'vitest';
import { formatRuleFile } from '../../../src/core/rules/index.ts';

const format = (text: string) => formatRuleFile(text, 'r.yml');

describe('the form of rule files', () => {
  it('orders fields, indents, prints expressions, and keeps comments', () => {
    const text = `# What this file is for.
groups:
- rules:
  # Everything that is up.
  - expr: sum(up)by(job)
    record: job:up:sum   # by job
  - annotations: {summary: "x {{ $value }}"}
    labels:
        severity: page
    alert: A
    for: 5m
    expr: sum by (job) (rate(http_requests_total{code=~"5..", job="api"}[5m])) / sum by (job) (rate(http_requests_total{job="api"}[5m])) > 0.1
  name: g
`;
    const formatted = format(text);
    expect(formatted).toBe(`# What this file is for.
groups:
  - name: g
    rules:
      # Everything that is up.
      - record: job:up:sum # by job
        expr: sum by (job) (up)
      - alert: A
        expr: |
          sum by (job) (rate(http_requests_total{code=~"5..",job="api"}[5m]))
            /
              sum by (job) (rate(http_requests_total{job="api"}[5m]))
          >
            0.1
        for: 5m
        labels:
          severity: page
        annotations: { summary: "x {{ $value }}" }
`);
    expect(format(formatted)).toBe(formatted);
  });

  it('leaves expressions with comments of their own, and those that cannot be read', () => {
    const text =
      'groups:\n  - name: g\n    rules:\n      - record: a\n        expr: |\n          up # all\n          +   1\n      - record: b\n        expr: sum(\n';
    expect(format(text)).toBe(text);
  });

  it('leaves the order where anchors are', () => {
    const text =
      'groups:\n  - rules:\n      - expr: &e up\n        record: a\n      - expr: *e\n        record: b\n    name: g\n';
    expect(format(text)).toBe(text);
  });

  it('refuses what is not YAML, with its place', () => {
    expect(() => format('groups: [')).toThrow(/^r\.yml:1:\d+: yaml: /);
  });
});
