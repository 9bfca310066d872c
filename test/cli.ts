/** Runs the built `tsmon` as a user would: a process, its streams and its exit status. */
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
export const launcher = join(root, 'bin', 'tsmon.cjs');

export interface Finished {
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  input?: string | Uint8Array;
  cwd?: string;
  env?: Record<string, string>;
}

/** Runs to the end; stdin is empty unless given. */
export function tsmon(args: readonly string[], options: RunOptions = {}): Finished {
  const { status, stdout, stderr } = tsmonBytes(args, options);
  return { status, stdout: stdout.toString('utf8'), stderr };
}

/** The same with stdout as bytes, for formats that are not text. */
export function tsmonBytes(
  args: readonly string[],
  options: RunOptions = {},
): { status: number | null; stdout: Buffer; stderr: string } {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [launcher, ...args], {
    input: options.input ?? '',
    cwd: options.cwd,
    env: { ...process.env, NO_COLOR: '1', ...options.env },
    maxBuffer: 1 << 30,
  });
  if (error) throw error;
  return { status, stdout, stderr: stderr.toString('utf8') };
}

/** Starts and does not wait; the caller ends it. */
export function startTsmon(args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  return spawn(process.execPath, [launcher, ...args], {
    ...options,
    env: { ...process.env, NO_COLOR: '1', ...options.env },
  });
}
