/** `tsmon tsdb import` as users run it. */
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTsmon, tsmon } from '../../cli.ts';

let dir: string;
let data: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-cmd-'));
  data = join(dir, 'data');
});
afterEach(() => rmSync(dir, { recursive: true }));

const START = Date.UTC(2026, 0, 1);
const imported = (input: string, ...args: string[]) =>
  tsmon(['tsdb', 'import', '--to', data, ...args], { input });
const dump = (...args: string[]) => tsmon(['tsdb', 'dump', '--from', data, ...args]).stdout;

describe('tsmon tsdb import', () => {
  it('makes blocks of what it reads, and lists them', () => {
    const text = `up{job="a"} 1 ${START}\nup{job="a"} 0 ${START + 7_200_000}\nup{job="b"} 1 ${START}\n`;
    const { status, stdout, stderr } = imported(text);
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: `imported 3 samples into 2 blocks of ${data}\n`,
    });
    expect(stdout).toMatch(
      /^BLOCK +FROM .*\n\S+ +2026-01-01T00:00:00.000Z +1ms +2 .*\n\S+ +2026-01-01T02:00/,
    );
    expect(dump()).toBe(text);
    expect(imported(text, '--quiet', '--max-block-duration', '6h')).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    });
    expect(readdirSync(data).length).toBe(3);
  });

  it('reads any format, which it finds out', () => {
    const files = {
      // Nothing but the last line shows that these times are seconds.
      'a.om': `${`a 1 ${START / 1000}\n`.repeat(1)}# EOF\n`,
      'b.jsonl': `${JSON.stringify({ metric: { __name__: 'b' }, values: [2], timestamps: [START] })}\n`,
      'c.csv': `series,timestamp,value\n"c{x=""y""}",${START},3\n`,
      'd.prom': `d 4 ${START}\n`,
    };
    for (const [name, content] of Object.entries(files)) writeFileSync(join(dir, name), content);
    const { status } = imported(
      '',
      '--label',
      'from=file',
      ...Object.keys(files).map((name) => join(dir, name)),
    );
    expect(status).toBe(0);
    expect(dump()).toBe(
      `a{from="file"} 1 ${START}\nb{from="file"} 2 ${START}\nc{from="file",x="y"} 3 ${START}\nd{from="file"} 4 ${START}\n`,
    );
  });

  it('maps the columns of a CSV', () => {
    const text = 'date,city,temp\n2026-01-01,Oslo,-3\n2026-01-01,Rome,12\n';
    expect(imported(text, '--columns', 'date=time,city=label,temp=metric:celsius').status).toBe(0);
    expect(dump()).toBe(`celsius{city="Oslo"} -3 ${START}\ncelsius{city="Rome"} 12 ${START}\n`);
    expect(imported(text, '--columns', 'date=time,town=label,temp=metric')).toMatchObject({
      status: 2,
      stderr: 'error: stdin:1: there is no column "town"; there are date, city, temp\n',
    });
  });

  it('says what was left out', () => {
    const text = `# TYPE a counter\na_total 1 ${START / 1000} # {x="y"} 1\na_total 2 ${START / 1000}\na_total 1 ${START / 1000}\n# EOF\n`;
    expect(imported(text)).toMatchObject({
      status: 0,
      stderr:
        `imported 1 sample into 1 block of ${data}\n1 sample occurred more than once\n` +
        'warning: 1 sample left out: their series have another value for the same time, which came first\n' +
        'warning: left out, because blocks have no room for them: 1 exemplar\n',
    });
  });

  it('leaves nothing at a fault', () => {
    for (const [text, message] of [
      [`a 1 ${START}\nb{ 1 ${START}\n`, /^error: stdin:2:\d+: /],
      ['a 1\n', /a sample of a has no timestamp/],
      [`a 1 ${START / 1000}\n`, /--format openmetrics/],
    ] as const) {
      const { status, stderr } = imported(text);
      expect(status).toBe(2);
      expect(stderr).toMatch(message);
      expect(existsSync(data)).toBe(false);
    }
    expect(imported('', '--label', 'x')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('NAME=VALUE'),
    });
    expect(imported('', '--max-block-duration', '1h').status).toBe(2);
    expect(imported('', join(dir, 'absent'))).toMatchObject({
      status: 2,
      stderr: `error: ${join(dir, 'absent')}: no such file or directory\n`,
    });
  });

  it('stops at a signal, refuses beside a writer, and goes on where it was', async () => {
    const first = startTsmon(['tsdb', 'import', '--to', data, '-'], { stdio: ['pipe', 'ignore', 'pipe'] });
    first.stdin!.write(`a 1 ${START}\n`);
    await expect.poll(() => existsSync(join(data, 'lock')), { timeout: 10_000 }).toBe(true);
    expect(imported(`b 1 ${START}\n`)).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/tsmon.* \(process \d+\) is writing to this directory/),
    });
    first.kill('SIGINT');
    expect(await once(first, 'close')).toEqual([130, null]);
    expect(existsSync(data)).toBe(false);

    const file = join(dir, 'large.om');
    const lines = Array.from(
      { length: 400_000 },
      (_, i) => `m{s="${i % 50}"} ${i % 99} ${START / 1000 + Math.floor(i / 50)}\n`,
    );
    writeFileSync(file, `${lines.join('')}# EOF\n`);
    const args = ['tsdb', 'import', '--to', data, '--memory', '200KB', file];
    const second = startTsmon(args, { stdio: 'ignore' });
    const staged = () => (existsSync(data) ? readdirSync(data, { recursive: true, encoding: 'utf8' }) : []);
    await expect
      .poll(() => staged().some((path) => path.endsWith('progress.json')), { timeout: 20_000 })
      .toBe(true);
    second.kill('SIGKILL');
    await once(second, 'close');
    const third = tsmon(args);
    expect(third.stderr).toMatch(
      /^going on where an earlier import stopped, at byte \d+ of .*large.om\nimported 400000 samples/,
    );
    expect(dump('-o', 'csv').split('\n').length).toBe(400_000 + 2);
  });
});
