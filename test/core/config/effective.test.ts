/** What the effective configuration looks like where that is not what was written. */
import { expect, it } from 'vitest';
import { parseConfig, toYaml } from '../../../src/core/config/index.ts';

const job = (keys: string) => toYaml(parseConfig(`scrape_configs: [{job_name: a, ${keys}}]`, {}).config);

it.each([
  ['native_histogram_min_bucket_factor: 10000000000000000000', '1e+19'],
  ['native_histogram_min_bucket_factor: 1234567', '1.234567e+06'],
  ['native_histogram_min_bucket_factor: 1.5', '1.5'],
  ['native_histogram_min_bucket_factor: .inf', '.inf'],
  ['sample_limit: 18446744073709551615', '18446744073709551615'],
  ['sample_limit: 18446744073709551616', '9223372036854775808'],
  ['sample_limit: 9007199254740992', '9007199254740992'],
])('numbers as Go writes them: %s', (setting, written) => {
  expect(job(setting)).toContain(`  ${setting.split(':')[0]}: ${written}\n`);
});

it.each([
  ["proxy_url: ''", 'proxy_url: ""'],
  ["proxy_url: 'HTTP://h/{x y}/é%41?q={a}'", 'proxy_url: http://h/%7Bx%20y%7D/%C3%A9A?q={a}'],
  ["proxy_url: 'http://h/%7Bx%7D'", 'proxy_url: http://h/%7Bx%7D'],
  ["proxy_url: 'http://u:p@h/#'", 'proxy_url: http://u:xxxxx@h/'],
  ["proxy_url: 'foo'", 'proxy_url: foo'],
])('URLs as Go writes them: %s', (setting, written) => {
  expect(job(setting)).toContain(`  ${written}\n`);
});

it('has no proxy where none was given, and nothing for an empty secret', () => {
  expect(job('proxy_url: ~')).not.toContain('proxy_url');
  expect(job("http_headers: {X: {secrets: ['', a]}}")).toContain('      - null\n      - <secret>\n');
});
