/**
 * `file_sd_configs`: target groups in JSON and YAML files, read when they change and every so often. A file that
 * cannot be read, or is half written, keeps the groups it had; one that is gone loses them.
 */
import { type FSWatcher, watch } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { InputError } from '../errors.ts';
import { labelsFromPairs } from '../model/labels.ts';
import { parse as parseYaml } from '../yaml/index.ts';
import type { Discoverer, DiscoveryHost } from './discoverer.ts';
import { emptyGroup } from './refresh.ts';
import type { FileDiscoveryConfig } from './sd-config.ts';
import { parseTargetGroups, type TargetGroup } from './target-group.ts';

const FILE_PATH_LABEL = '__meta_filepath';
/** A file that has changed within this time may still be being written. */
const SETTLE_MS = 50;
/** One that never stands still is read after so many looks all the same. */
const MOST_LOOKS = 20;

/** What was last read from one file. */
interface Known {
  stamp: string;
  sources: readonly string[];
  /** The last reading failed, for this reason. */
  fault: string | undefined;
}

export class FileDiscoverer implements Discoverer {
  private readonly config: FileDiscoveryConfig;
  private readonly known = new Map<string, Known>();

  constructor(config: FileDiscoveryConfig) {
    this.config = config;
  }

  async run(host: DiscoveryHost, signal: AbortSignal): Promise<void> {
    const bell = new Bell();
    const watchers = this.watch(host, () => bell.ring());
    try {
      for (let first = true; !signal.aborted; first = false) {
        const began = host.clock.monotonic();
        await this.readAll(host, first, signal);
        host.refreshed?.(host.clock.monotonic() - began);
        const rest = new AbortController();
        const stop = AbortSignal.any([rest.signal, signal]);
        await Promise.race([
          host.clock.sleep(this.config.refreshIntervalMs, stop).catch(() => {}),
          bell.rung(),
        ]);
        rest.abort();
      }
    } finally {
      for (const watcher of watchers) watcher.close();
      for (const path of this.known.keys()) host.fileTime?.(path, undefined);
    }
  }

  /** Directories rather than files: a file that is renamed into its place is a new one. */
  private watch(host: DiscoveryHost, onChange: () => void): FSWatcher[] {
    const watchers: FSWatcher[] = [];
    for (const dir of new Set(this.config.files.map((pattern) => dirname(pattern)))) {
      try {
        const watcher = watch(dir, { persistent: false }, onChange);
        watcher.on('error', () => {
          host.count?.('fileWatcherErrors');
          watcher.close();
        });
        watchers.push(watcher);
      } catch {
        // No such directory, or no more watches to be had: the interval serves.
        host.count?.('fileWatcherErrors');
      }
    }
    return watchers;
  }

  private async readAll(host: DiscoveryHost, first: boolean, signal: AbortSignal): Promise<void> {
    const paths = new Set<string>();
    for (const pattern of this.config.files) for (const path of await matching(pattern)) paths.add(path);
    const updates: TargetGroup[] = [];
    for (const path of paths) {
      if (signal.aborted) return;
      updates.push(...(await this.readOne(path, host)));
    }
    for (const [path, { sources }] of this.known) {
      if (paths.has(path)) continue;
      updates.push(...sources.map(emptyGroup));
      this.known.delete(path);
      host.fileTime?.(path, undefined);
    }
    if ((first || updates.length > 0) && !signal.aborted) host.update(updates);
  }

  /** What changed in one file. */
  private async readOne(path: string, host: DiscoveryHost): Promise<TargetGroup[]> {
    const before = this.known.get(path);
    try {
      if (before !== undefined && before.stamp === (await stampOf(path))) return [];
      const { text, stamp } = await readWhenStill(path);
      const groups = parse(text, path);
      const sources = groups.map(({ source }) => source);
      this.known.set(path, { stamp, sources, fault: undefined });
      host.fileTime?.(path, (await stat(path)).mtimeMs / 1000);
      const gone = before?.sources.filter((source) => !sources.includes(source)) ?? [];
      return [...groups, ...gone.map(emptyGroup)];
    } catch (error) {
      host.count?.('fileReadErrors');
      const fault = (error as Error).message;
      if (fault !== before?.fault) host.failed(withPath(error as Error, path));
      this.known.set(path, { stamp: '', sources: before?.sources ?? [], fault });
      return [];
    }
  }
}

/** Reads a file that nobody writes to at the moment, as far as can be seen. */
async function readWhenStill(path: string): Promise<{ text: string; stamp: string }> {
  for (let look = 1; ; look++) {
    const stamp = await stampOf(path);
    if (look > 1 || (await isFresh(path))) await pause(SETTLE_MS);
    const text = await readFile(path, 'utf8');
    const still = stamp === (await stampOf(path));
    if (still || look >= MOST_LOOKS) {
      // Who writes into a file in place first empties it.
      if (text === '' && !still) throw new InputError('bad_target_groups', 'is being written to');
      return { text, stamp };
    }
  }
}

async function isFresh(path: string): Promise<boolean> {
  return Date.now() - (await stat(path)).mtimeMs < SETTLE_MS;
}

async function stampOf(path: string): Promise<string> {
  const { ino, size, mtimeNs } = await stat(path, { bigint: true });
  return `${ino}:${size}:${mtimeNs}`;
}

function parse(text: string, path: string): TargetGroup[] {
  let document: unknown;
  if (path.endsWith('.json')) {
    document = JSON.parse(text);
  } else {
    // All scalars are texts: 9100 as a label's value is one, too.
    document = parseYaml(text, { schema: 'failsafe' });
  }
  return parseTargetGroups(document, path, labelsFromPairs([[FILE_PATH_LABEL, path]]));
}

/** The files that a path means whose last part is a pattern, in order. */
async function matching(pattern: string): Promise<string[]> {
  const last = basename(pattern);
  if (!last.includes('*')) return (await exists(pattern)) ? [pattern] : [];
  const dir = dirname(pattern);
  const accepts = new RegExp(`^${last.split('*').map(escaped).join('[^/]*')}$`, 's');
  const names = await readdir(dir).catch(() => []);
  const join_ = (name: string) => (dir === '.' && !pattern.startsWith('./') ? name : join(dir, name));
  return names
    .filter((name) => accepts.test(name))
    .sort()
    .map(join_);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function withPath(error: Error, path: string): Error {
  return error instanceof InputError
    ? error.in({ file: path })
    : new InputError('bad_target_groups', error.message, { file: path });
}

/** Rings may come at any time; who waits hears of those since he last waited. */
class Bell {
  private pending = false;
  private resolve: (() => void) | undefined;

  ring(): void {
    this.pending = true;
    this.resolve?.();
  }

  async rung(): Promise<void> {
    if (!this.pending) await new Promise<void>((resolve) => (this.resolve = resolve));
    this.pending = false;
    this.resolve = undefined;
  }
}
