/** Archives as others read them: fflate, and Python's zipfile, which knows zip64. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, describe, expect, test } from 'vitest';
import { zipDirectory } from '../../../../src/core/tsdb/snapshot/index.ts';
import { ZipFile } from '../../../../src/core/tsdb/snapshot/zip-file.ts';

const root = mkdtempSync(join(tmpdir(), 'tsmon-zip-'));
afterAll(() => rmSync(root, { recursive: true }));
const hasPython = spawnSync('python3', ['-c', 'import zipfile']).status === 0;

const CHECK = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as z:
  assert z.testzip() is None
  for i in z.infolist()[:5]: print(i.filename, i.file_size, i.header_offset, i.compress_type)
  print(len(z.infolist()))
`;
const check = (path: string) =>
  execFileSync('python3', ['-c', CHECK, path], { encoding: 'utf8' }).trim().split('\n');

test('a directory: every file, as it is', async () => {
  const dir = join(root, 'dir');
  mkdirSync(join(dir, 'ä', 'chunks'), { recursive: true });
  const files = new Map([
    ['empty', new Uint8Array(0)],
    // What fflate's own streaming deflate makes unreadable.
    ['ä/index', Uint8Array.from({ length: 600_000 }, (_, i) => (i * i) >> 7)],
    ['ä/chunks/000001', Uint8Array.from({ length: 300_001 }, (_, i) => i)],
  ]);
  for (const [name, bytes] of files) writeFileSync(join(dir, name), bytes);
  const to = join(root, 'dir.zip');
  const parts: number[] = [];
  const size = await zipDirectory(dir, to, { progress: (part) => parts.push(part) });
  const archive = readFileSync(to);
  expect(archive.length).toBe(size);
  const found = unzipSync(archive);
  expect(new Set(Object.keys(found))).toEqual(new Set(files.keys()));
  for (const [name, bytes] of files) expect(Buffer.from(found[name]).equals(bytes)).toBe(true);
  expect(parts.at(-1)).toBe(1);
});

test('one that is ended leaves nothing', async () => {
  const abort = new AbortController();
  const to = join(root, 'ended.zip');
  const progress = () => abort.abort(new Error('stop'));
  await expect(zipDirectory(join(root, 'dir'), to, { signal: abort.signal, progress })).rejects.toThrow(
    'stop',
  );
  expect(readdirSync(root).filter((name) => name.startsWith('ended'))).toEqual([]);
});

describe.skipIf(!hasPython)('zip64 (needs python3)', () => {
  const noPause = async () => {};

  test('files beyond 4 GiB', async () => {
    // The first bytes are a hole, which takes no room on the disk.
    const path = join(root, 'far.zip');
    const start = 5 * 2 ** 30;
    const fd = openSync(path, 'w');
    const zip = new ZipFile(fd, start);
    const content = Buffer.from('content '.repeat(100));
    await zip.add('stored', new Date(), 0, content.length, [content], noPause);
    await zip.add('deflated', new Date(), 3, 2 ** 40, [content, content], noPause);
    zip.finish();
    closeSync(fd);
    expect(check(path)).toEqual([`stored 800 ${start} 0`, `deflated 1600 ${start + 836} 8`, '2']);
  });

  test('more files than 65,535', async () => {
    const path = join(root, 'many.zip');
    const fd = openSync(path, 'w');
    const zip = new ZipFile(fd);
    for (let i = 0; i < 65_536; i++) await zip.add(`f${i}`, new Date(), 0, 1, [Uint8Array.of(i)], noPause);
    zip.finish();
    closeSync(fd);
    expect(check(path).at(-1)).toBe('65536');
  });
});
