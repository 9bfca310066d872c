import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startTsmon, tsmon } from '../../cli.ts';
import { serveHttp } from '../../core/http/servers.ts';

const check = (input: string, ...args: string[]) => tsmon(['scrape', 'check', ...args], { input });

const GOOD = '# HELP a_total x\n# TYPE a_total counter\na_total 1\n';
const OPENMETRICS = '# HELP a x\n# TYPE a counter\na_total 1\n# EOF\n';

describe('tsmon scrape check', () => {
  it('says nothing of what is good', () => {
    expect(check(GOOD)).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(check(OPENMETRICS)).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(check('')).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('prints findings and exits with 3', () => {
    expect(check('a_ms 1\n')).toEqual({
      status: 3,
      stdout: 'a_ms metric names should not contain abbreviated units\na_ms no help text\n',
      stderr: '',
    });
  });

  it('says where an exposition is not valid and exits with 1', () => {
    expect(check('a 1\nb x\n')).toEqual({
      status: 1,
      stdout: '',
      stderr: 'error: stdin:2: expected float as value, got "x"\n',
    });
    expect(check('a 1\n# EOF\nb 1\n').stderr).toMatch(/^error: stdin:3/);
  });

  it('counts series with --extended, as a table or as JSON', () => {
    expect(
      check(GOOD, '--extended')
        .stdout.split('\n')
        .map((line) => line.trimEnd()),
    ).toEqual([
      'Metric     Cardinality    Percentage',
      'a_total    1              100.00%',
      'Total      1              100%',
      '',
    ]);
    expect(JSON.parse(check('b 1\n', '--extended', '--output', 'json').stdout)).toEqual({
      findings: [{ metric: 'b', text: 'no help text' }],
      cardinality: [{ metric: 'b', series: 1, share: 1 }],
    });
    expect(JSON.parse(check(GOOD, '--output', 'json').stdout)).toEqual({ findings: [] });
  });

  it('holds OpenMetrics to its specification with --strict', () => {
    const lenient = '# TYPE a counter\n# HELP a x\na_total 1\na_total 2\n# EOF\n';
    expect(check(lenient).status).toBe(3);
    expect(check(lenient, '--strict').status).toBe(1);
    expect(check(OPENMETRICS, '--strict').status).toBe(0);
    expect(check(GOOD, '--strict').status).toBe(1);
  });

  it('reads files, this process and exporters', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'tsmon-check-')), 'a.prom');
    writeFileSync(path, 'a{ 1\n');
    expect(tsmon(['scrape', 'check', path])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`${path}:1: `),
    });
    expect(tsmon(['scrape', 'check', `${path}.not.prom`]).status).toBe(2);
    const self = tsmon(['scrape', 'check', 'self:', '--extended']);
    expect(self.stderr).toBe('');
    expect(self.stdout).toContain('process_cpu_seconds_total');

    let accepted = '';
    const url = await serveHttp((request, response) => {
      accepted = request.headers.accept ?? '';
      response.setHeader('Content-Type', 'text/plain; version=0.0.4');
      response.end('a 1\n');
    });
    const child = startTsmon(['scrape', 'check', url], { stdio: ['ignore', 'pipe', 'inherit'] });
    let stdout = '';
    child.stdout!.on('data', (piece: Buffer) => {
      stdout += piece.toString();
    });
    const status = await new Promise((resolve) => child.on('close', resolve));
    expect([status, stdout]).toEqual([3, 'a no help text\n']);
    expect(accepted).toBe('text/plain;version=0.0.4;q=0.6,*/*;q=0.5');
  });
});
