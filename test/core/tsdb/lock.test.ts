import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockDirectory } from '../../../src/core/tsdb/lock.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-lock-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const hasFlock = spawnSync('flock', ['--version']).error === undefined;

describe('lockDirectory', () => {
  it('makes a file that is gone again after the release', () => {
    const lock = lockDirectory(dir);
    expect(existsSync(join(dir, 'lock'))).toBe(true);
    lock.release();
    expect(existsSync(join(dir, 'lock'))).toBe(false);
    lockDirectory(dir).release();
  });

  it('refuses while the lock is held, by itself too', () => {
    const lock = lockDirectory(dir);
    expect(() => lockDirectory(dir)).toThrow(expect.objectContaining({ code: 'locked' }));
    lock.release();
    lockDirectory(dir).release();
  });

  it('takes over a file that nobody holds', () => {
    writeFileSync(join(dir, 'lock'), '999999999\n');
    lockDirectory(dir).release();
  });

  it('respects whoever had no program to take the lock with', () => {
    // The parent of this process stands for another writer that is alive.
    writeFileSync(join(dir, 'lock'), `${process.ppid} without flock\n`);
    expect(() => lockDirectory(dir)).toThrow(expect.objectContaining({ code: 'locked' }));
    writeFileSync(join(dir, 'lock'), '999999999 without flock\n');
    lockDirectory(dir).release();
    writeFileSync(join(dir, 'lock'), `${process.ppid}\n`);
    lockDirectory(dir).release();
  });

  it('goes by what is in the file where there is no such program', () => {
    const path = process.env['PATH'];
    process.env['PATH'] = dir;
    try {
      const lock = lockDirectory(dir);
      expect(lock.notices).toEqual([expect.stringContaining('neither flock nor perl')]);
      lock.release();
      writeFileSync(join(dir, 'lock'), `${process.ppid}\n`);
      expect(() => lockDirectory(dir)).toThrow(expect.objectContaining({ code: 'locked' }));
    } finally {
      process.env['PATH'] = path;
    }
  });

  it.runIf(hasFlock)('is the lock that flock(2) takes, and names who has it', async () => {
    const holder = spawn('flock', ['-n', join(dir, 'lock'), '-c', 'echo locked; read line'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    expect(() => lockDirectory(dir)).toThrow(/flock \(process \d+\) is writing to this directory/);
    holder.stdin.end('\n');
    await once(holder, 'exit');
    const lock = lockDirectory(dir);
    expect(spawnSync('flock', ['-n', join(dir, 'lock'), 'true']).status).toBe(1);
    lock.release();
    expect(spawnSync('flock', ['-n', join(dir, 'lock'), 'true']).status).toBe(0);
  });
});
