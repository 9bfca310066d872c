import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tsmon } from '../../cli.ts';

const cwd = mkdtempSync(join(tmpdir(), 'tsmon-serve-'));

function file(name: string, text: string): void {
  writeFileSync(join(cwd, name), text);
}

file('rules.yml', 'groups:\n- name: g\n  rules:\n  - {record: a, expr: up}\n  - {record: a, expr: up}\n');
file(
  'good.yml',
  `global: {scrape_interval: 30s}
rule_files: [rules.yml]
scrape_configs:
- job_name: node
  static_configs: [{targets: ['h:1', 'h:2']}]
- job_name: slow
  scrape_interval: 10m
  file_sd_configs: [{files: [none.yml]}]
`,
);
file(
  'other.yml',
  `global: {scrape_interval: 20s}
rule_files: [other-rules.yml]
scrape_configs:
- job_name: node
  static_configs: [{targets: ['h:1', 'h:3']}]
alerting: {alertmanagers: [{static_configs: [{targets: ['am:9093']}]}]}
`,
);
file('other-rules.yml', 'groups:\n- name: g\n  rules:\n  - {record: a, expr: sum(up)}\n');
file('bad.yml', 'global: {scrape_intervall: 5s}\nscrape_configs: [{job_name: a, sample_limit: -1}]\n');

describe('serve check', () => {
  it('a good one, with what it names', () => {
    const { status, stdout, stderr } = tsmon(['serve', 'check', '--lint', 'none', 'good.yml'], { cwd });
    expect(stderr).toBe('');
    expect(stdout).toBe(`Checking good.yml
  WARNING: file "none.yml" for file_sd in scrape job "slow" does not exist (line 8)
  SUCCESS: 1 rule files found
 SUCCESS: good.yml is valid prometheus config file syntax

Checking rules.yml
  SUCCESS: 2 rules found

`);
    expect(status).toBe(0);
  });

  it('lints are told, and fail where that is asked for', () => {
    const args = ['serve', 'check', '--lint', 'all', 'good.yml'];
    const { status, stderr } = tsmon(args, { cwd });
    expect(status).toBe(0);
    expect(stderr).toContain('good.yml:7:20: too long scrape interval found');
    expect(stderr).toContain('lint error 1 duplicate rule(s) found.');
    expect(tsmon([...args, '--lint-fatal'], { cwd }).status).toBe(3);
    expect(tsmon(['serve', 'check', '--lint', 'foo', 'good.yml'], { cwd }).status).toBe(2);
  });

  it.each([
    ['scrape_configs: [{job_name: a, tls_config: {cert: c, key_file: k}}]', 'without client cert file'],
    [
      'alerting: {alertmanagers: [{relabel_configs: [{target_label: a}], static_configs: [{targets: ["http://x"]}]}]}',
      '"http://x" is not a valid hostname',
    ],
    [
      'scrape_configs: [{job_name: a, static_configs: [{targets: [~]}]}]',
      'instance 0 in group 0: no address',
    ],
  ])('what promtool refuses beyond the text: %s', (text, fault) => {
    file('refused.yml', text);
    const { status, stderr } = tsmon(['serve', 'check', '--syntax-only', 'refused.yml'], { cwd });
    expect(status).toBe(1);
    expect(stderr).toContain(fault);
  });

  it('all faults of a bad one, as text, JSON and annotations', () => {
    const { status, stderr } = tsmon(['serve', 'check', 'bad.yml'], { cwd });
    expect(status).toBe(1);
    expect(stderr.trimEnd().split('\n')).toEqual([
      '  FAILED: bad.yml:1:10: global.scrape_intervall: field scrape_intervall not found in type config.plain (did you mean scrape_interval?)',
      '  FAILED: bad.yml:2:46: scrape_configs[0].sample_limit: cannot unmarshal !!int `-1` into uint',
    ]);
    const json = JSON.parse(tsmon(['serve', 'check', '-o', 'json', 'bad.yml', 'good.yml'], { cwd }).stdout);
    expect(json.files[0].errors[1]).toMatchObject({ file: 'bad.yml', line: 2, column: 46 });
    expect(json.files[1].ruleFiles[0].duplicates[0].lines).toEqual([4, 5]);
    const github = tsmon(['serve', 'check', '-o', 'github', 'bad.yml'], { cwd }).stdout;
    expect(github).toMatch(/^::error file=bad\.yml,line=1,col=10::/);
  });

  it('a rule file that is missing, unless the file alone is looked at', () => {
    file('missing.yml', 'rule_files: [nope.yml]\n');
    const { status, stderr } = tsmon(['serve', 'check', 'missing.yml'], { cwd });
    expect([status, stderr]).toEqual([
      1,
      '  FAILED: missing.yml:1:14: "nope.yml" does not point to an existing file\n',
    ]);
    expect(tsmon(['serve', 'check', '--syntax-only', 'missing.yml'], { cwd }).status).toBe(0);
    expect(tsmon(['serve', 'check', '--agent', '--syntax-only', 'missing.yml'], { cwd }).status).toBe(1);
  });

  it('web.yml, alone or besides', () => {
    file('web.yml', 'tls_server_config: {cert_file: c}\n');
    const { status, stderr } = tsmon(['serve', 'check', '--web-config', 'web.yml'], { cwd });
    expect(status).toBe(1);
    expect(stderr).toContain('web.yml:1:20: tls_server_config: missing one of key or key_file');
  });

  it('a file that is not there', () => {
    expect(tsmon(['serve', 'check', 'absent.yml'], { cwd })).toMatchObject({ status: 2 });
  });
});

describe('serve config', () => {
  it('what is in force, and where it comes from', () => {
    const { stdout } = tsmon(['serve', 'config'], { cwd, env: { TSMON_CONFIG: 'good.yml' } });
    expect(stdout).toMatch(/^global:\n {2}scrape_interval: 30s\n {2}scrape_timeout: 10s\n/);
    const { stdout: origins } = tsmon(['serve', 'config', '--origin', 'good.yml'], { cwd });
    expect(origins).toMatch(/^ {2}scrape_interval: 30s +# global: good\.yml:1:27$/m);
    expect(origins).toMatch(/^ {2}scrape_interval: 10m +# good\.yml:7:20$/m);
    expect(origins).toMatch(/^ {2}metrics_path: \/metrics +# default$/m);
    const { values } = JSON.parse(tsmon(['serve', 'config', '-o', 'json', 'good.yml'], { cwd }).stdout);
    expect(values[0]).toMatchObject({ path: 'global.scrape_interval', from: 'file', line: 1 });
  });

  it('what a change does', () => {
    const { status, stdout } = tsmon(['serve', 'config', 'good.yml', '--diff', 'other.yml'], { cwd });
    expect(status).toBe(1);
    for (const line of [
      '- global.scrape_interval: 30s',
      '+ global.scrape_interval: 20s',
      '- scrape_configs[slow]: the whole job',
      'Targets: 1 added, 1 removed, 1 changed',
      '- node http://h:2/metrics: {instance="h:2", job="node"} every 30s, timeout 10s',
      '+ node http://h:3/metrics: {instance="h:3", job="node"} every 20s, timeout 10s',
      '+ g: a: sum(up) {} every 60s',
      '+ alerts to http://am:9093: api v2',
    ]) {
      expect(stdout.split('\n')).toContain(line);
    }
    expect(tsmon(['serve', 'config', 'good.yml', '--diff', 'good.yml'], { cwd })).toMatchObject({
      status: 0,
      stdout: '',
    });
  });

  it('a file that is not valid', () => {
    const { status, stderr } = tsmon(['serve', 'config', 'bad.yml'], { cwd });
    expect(status).toBe(2);
    expect(stderr.match(/^error: bad\.yml/gm)).toHaveLength(2);
  });
});
