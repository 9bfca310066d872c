/** `tsmon tsdb export` as users run it; what it writes, `tsdb import` reads. */
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTsmon, tsmon, tsmonBytes } from '../../cli.ts';

let dir: string;
let data: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-cmd-'));
  data = join(dir, 'data');
});
afterEach(() => rmSync(dir, { recursive: true }));

const START = Date.UTC(2026, 0, 1);
const TEXT = [0, 1, 2]
  .map((n) => `up{job="a,b"} ${n} ${START + n * 60_500}\nup{zone="x\\"y"} NaN ${START + n * 60_500}\n`)
  .join('');
const fill = (text = TEXT) => tsmon(['tsdb', 'import', '-q', '--to', data], { input: text });
const exported = (...args: string[]) => tsmon(['tsdb', 'export', '--from', data, ...args]);
const dump = (from: string) => tsmon(['tsdb', 'dump', '--from', from]).stdout;

describe('tsmon tsdb export', () => {
  beforeEach(() => {
    expect(fill()).toMatchObject({ status: 0 });
  });

  it.each(['jsonl', 'openmetrics', 'text', 'protobuf', 'csv'])('writes %s, which import reads', (format) => {
    const { stdout, status } = tsmonBytes(['tsdb', 'export', '--from', data, '-o', format]);
    expect(status).toBe(0);
    const copy = join(dir, 'copy');
    expect(tsmonBytes(['tsdb', 'import', '-q', '--to', copy], { input: stdout })).toMatchObject({
      status: 0,
      stderr: '',
    });
    expect(dump(copy)).toBe(dump(data));
  });

  it('writes CSV with a column for each label', () => {
    expect(exported('-o', 'csv', '--match', 'up{job!=""}', '--end', String(START)).stdout).toBe(
      `__name__,job,timestamp,value\nup,"a,b",${START},0\n`,
    );
    expect(exported('-o', 'csv', '--times', 's', '--start', String(START + 121_000)).stdout).toBe(
      `__name__,job,zone,timestamp,value\nup,"a,b",,${START / 1000 + 121},2\nup,,"x""y",${START / 1000 + 121},NaN\n`,
    );
    expect(
      exported('-o', 'csv', '--columns', 'series', '--times', 'rfc3339', '--end', String(START)).stdout,
    ).toBe(
      'series,timestamp,value\n"up{job=""a,b""}",2026-01-01T00:00:00.000Z,0\n"up{zone=""x\\""y""}",2026-01-01T00:00:00.000Z,NaN\n',
    );
    expect(exported('-o', 'text', '--times', 's').status).toBe(2);
  });

  it('writes a file, in the format of its name', () => {
    const file = join(dir, 'out.om.gz');
    expect(exported(file)).toEqual({
      status: 0,
      stdout: '',
      stderr: `exported 6 samples of 2 series to ${file}\n`,
    });
    const text = gunzipSync(readFileSync(file)).toString();
    expect(text.split('\n')[0]).toBe(`up{job="a,b"} 0 ${START / 1000}.000`);
    expect(text.endsWith('# EOF\n')).toBe(true);
    expect(exported('--quiet', join(dir, 'out.csv')).stderr).toBe('');
    expect(readFileSync(join(dir, 'out.csv'), 'utf8')).toBe(exported('-o', 'csv').stdout);
  });

  it('leaves what is there at a fault or a signal', async () => {
    const file = join(dir, 'out.jsonl');
    writeFileSync(file, 'before');
    expect(tsmon(['tsdb', 'export', '--from', join(dir, 'absent'), file]).status).toBe(2);
    fill(Array.from({ length: 60_000 }, (_, n) => `big{n="${n}"} 1 ${START}\n`).join(''));
    const child = startTsmon(['tsdb', 'export', '--from', data, file], { stdio: 'ignore' });
    await expect
      .poll(() => existsSync(`${file}.tmp-for-creation`), { timeout: 10_000, interval: 5 })
      .toBe(true);
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([130, null]);
    expect(readFileSync(file, 'utf8')).toBe('before');
    expect(readdirSync(dir).sort()).toEqual(['data', 'out.jsonl']);
  });
});
