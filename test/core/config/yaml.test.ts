import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseConfig, toYaml } from '../../../src/core/config/index.ts';

function labelsAsWritten(labels: Record<string, string>): string {
  const text = toYaml(parseConfig(JSON.stringify({ global: { external_labels: labels } }), {}).config);
  return text.slice(
    text.indexOf('  external_labels:\n') + 19,
    text.indexOf('  metric_name_validation_scheme'),
  );
}

describe('texts are written as Go writes them', () => {
  it.each([
    ['plain', 'plain'],
    ['', '""'],
    ['1', '"1"'],
    ['1e3', '"1e3"'],
    ['0x10', '"0x10"'],
    ['1:20', '"1:20"'],
    ['2020-01-01', '"2020-01-01"'],
    ['yes', '"yes"'],
    ['True', '"True"'],
    ['null', '"null"'],
    ['.inf', '".inf"'],
    ['10m', '10m'],
    ['a: b', "'a: b'"],
    ['a:b', 'a:b'],
    ['a #b', "'a #b'"],
    ['a# b', 'a# b'],
    ['- x', "'- x'"],
    ['-x', '-x'],
    ['{a}', "'{a}'"],
    ['a{b}', 'a{b}'],
    ["it's", "it's"],
    ["'q'", "'''q'''"],
    [' lead', "' lead'"],
    ['é', 'é'],
    ['\u{1F600}', '"\\U0001F600"'],
    ['a\tb', '"a\\tb"'],
    ['a\nb', '|-\n      a\n      b'],
    ['a\nb\n', '|\n      a\n      b'],
    ['a \nb', '"a \\nb"'],
    ['  a\nb', '|2-\n        a\n      b'],
  ])('%j', (value, written) => {
    expect(labelsAsWritten({ x: value })).toBe(`    x: ${written}\n`);
  });

  it('long ones are folded behind the eightieth column', () => {
    const words = (count: number) => Array(count).fill('word').join(' ');
    expect(labelsAsWritten({ long: 'word '.repeat(40) })).toBe(
      `    long: '${words(15)}\n      ${words(16)}\n      ${words(9)} '\n`,
    );
  });

  it('and read back as the same', () => {
    const name = fc.stringMatching(/^[a-z_]{1,8}$/);
    const value = fc.oneof(
      fc
        .string({ unit: 'binary' })
        .filter((text) => !/[\u0085\u2028\u2029\ufeff\r]|\p{Surrogate}|\$/u.test(text)),
      fc.stringMatching(/^[ a-z:#'"{}[\],\n&*!|>%@`-]*$/),
    );
    fc.assert(
      fc.property(fc.dictionary(name, value, { minKeys: 1, maxKeys: 4 }), (labels) => {
        const text = toYaml(parseConfig(JSON.stringify({ global: { external_labels: labels } }), {}).config);
        expect(parse(text, { version: '1.1' }).global.external_labels).toEqual({ ...labels });
      }),
      { numRuns: 150 },
    );
  });

  it('secrets and the passwords of URLs are hidden', () => {
    const text = `scrape_configs:
- job_name: a
  basic_auth: {username: me, password: hush}
  proxy_url: http://me:hush@proxy:1/x
  http_headers: {X: {values: [open], secrets: [hush]}}
remote_write: [{url: 'https://me:hush@h/w', sigv4: {access_key: k, secret_key: hush}}]
`;
    const written = toYaml(parseConfig(text, {}).config);
    expect(written).not.toContain('hush');
    expect(written).toContain('proxy_url: http://me:xxxxx@proxy:1/x');
    expect(written).toContain('url: https://me:xxxxx@h/w');
    expect(written).toContain('- open');
  });
});
