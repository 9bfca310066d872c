import { mkdtempSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/core/errors.ts';
import { labelFromArgument, targetFromArgument } from '../../../src/core/scrape/index.ts';

const plain = { labels: {} };

describe('a target argument', () => {
  it.each([
    ['http://h:9100/m?x=1', 'http://h:9100/m?x=1', 'h:9100'],
    ['http://h:9100', 'http://h:9100/metrics', 'h:9100'],
    ['http://h:9100/', 'http://h:9100/', 'h:9100'],
    ['http://h?format=x', 'http://h/metrics?format=x', 'h'],
    ['https://h', 'https://h/metrics', 'h'],
    ['http://h:80/metrics', 'http://h/metrics', 'h:80'],
    ['HTTP://Example.COM:9100', 'http://example.com:9100/metrics', 'Example.COM:9100'],
    ['http://[::1]:9100', 'http://[::1]:9100/metrics', '[::1]:9100'],
    ['http://u:p@h:9100/m', 'http://h:9100/m', 'h:9100'],
    ['localhost:9100', 'http://localhost:9100/metrics', 'localhost:9100'],
    ['localhost', 'http://localhost/metrics', 'localhost'],
    ['10.0.0.1:9100/probe?target=x', 'http://10.0.0.1:9100/probe?target=x', '10.0.0.1:9100'],
    ['[::1]:9100', 'http://[::1]:9100/metrics', '[::1]:9100'],
    ['db-1:9187', 'http://db-1:9187/metrics', 'db-1:9187'],
    ['node.example.org', 'http://node.example.org/metrics', 'node.example.org'],
  ])('%s is the URL %s', (argument, url, instance) => {
    const target = targetFromArgument(argument, plain);
    expect(target.name).toBe(url);
    expect(target.origin.kind).toBe('http');
    expect(target.labels.toObject()).toEqual({ instance, job: 'scrape' });
  });

  it('keeps user and password for the request, not for messages', () => {
    const target = targetFromArgument('http://u:p@h/m', plain);
    expect(target.origin).toMatchObject({ url: expect.objectContaining({ username: 'u', password: 'p' }) });
    expect(target.name).not.toContain('p@');
  });

  it('may be a Unix socket', () => {
    const target = targetFromArgument('unix:/run/a.sock:/probe', plain);
    expect(target.origin).toMatchObject({ kind: 'http', socketPath: '/run/a.sock' });
    expect(target.name).toBe('unix:/run/a.sock:/probe');
    expect(target.labels.get('instance')).toBe('/run/a.sock');
    expect(targetFromArgument('unix:/run/a.sock', plain).name).toBe('unix:/run/a.sock:/metrics');
  });

  it('may be a file, standard input, this host, or tsmon itself', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'tsmon-')), 'localhost');
    writeFileSync(file, '');
    const cases: [string, object, string, string][] = [
      [file, { kind: 'file', path: file }, file, 'scrape'],
      ['./missing', { kind: 'file', path: './missing' }, './missing', 'scrape'],
      ['missing.prom', { kind: 'file', path: 'missing.prom' }, 'missing.prom', 'scrape'],
      ['-', { kind: 'stdin' }, 'stdin', 'scrape'],
      ['host:', { kind: 'host' }, hostname(), 'node'],
      ['self:', { kind: 'self' }, hostname(), 'tsmon'],
    ];
    for (const [argument, origin, instance, job] of cases) {
      const target = targetFromArgument(argument, plain);
      expect(target.origin).toEqual(origin);
      expect(target.labels.toObject()).toEqual({ instance, job });
    }
  });

  it('gets the job and the labels that are asked for', () => {
    const target = targetFromArgument('h:1', { job: 'db', labels: { env: 'prod', instance: 'one' } });
    expect(target.labels.toObject()).toEqual({ env: 'prod', instance: 'one', job: 'db' });
  });

  it.each(['ftp://h/x', 'http://', 'http://h:99999', 'nonsense', 'a b', 'unix:', ''])(
    'is not %s',
    (argument) => {
      expect(() => targetFromArgument(argument, plain)).toThrow(InputError);
    },
  );
});

describe('a label argument', () => {
  it('is split at the first equals sign', () => {
    expect(labelFromArgument('a=b=c')).toEqual(['a', 'b=c']);
    expect(labelFromArgument('a=')).toEqual(['a', '']);
  });

  it.each(['a', '=b', '__address__=x', ''])('is not %s', (argument) => {
    expect(() => labelFromArgument(argument)).toThrow(InputError);
  });
});
