/** Made-up hosts of test/testdata/host, unpacked for one test, and the families that the collector finds there. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, onTestFinished } from 'vitest';
import { type CollectorFailure, collectHost, type HostOptions } from '../../../src/core/collector/index.ts';
import type { MetricFamily } from '../../../src/core/model/index.ts';

export const TESTDATA = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'testdata', 'host');

/** Path -> content; null takes the file away. In a tree, `-> target` makes a link, and a final `/` an empty folder. */
export type TreeFiles = Record<string, string | null>;

const unpacked = new Map<string, string>();
afterAll(() => {
  for (const root of unpacked.values()) rmSync(root, { recursive: true, force: true });
});

/**
 * The folder of an unpacked `<name>.tree`, changed by `changes`. It is unpacked once for all tests of a file; a
 * changed one is made of links into it.
 */
export function unpackTree(name: string, changes: TreeFiles = {}): string {
  let base = unpacked.get(name);
  if (base === undefined) {
    base = writeInto(newRoot(), readTree(name));
    unpacked.set(name, base);
  }
  if (Object.keys(changes).length === 0) return base;
  const root = newRoot();
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  overlay(base, root, '.', changes);
  return root;
}

/** Writes `files` into a new folder that is gone after the test, and returns its path. */
export function writeTree(files: TreeFiles): string {
  const root = newRoot();
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  return writeInto(root, { 'proc/': '', 'sys/': '', ...files });
}

function newRoot(): string {
  return mkdtempSync(join(tmpdir(), 'tsmon-host-'));
}

function writeInto(root: string, files: TreeFiles): string {
  const folders = new Set<string>();
  const makeFolder = (path: string) => {
    if (!folders.has(path)) mkdirSync(join(root, path), { recursive: true });
    folders.add(path);
  };
  for (const [path, content] of Object.entries(files)) {
    if (content === null) continue;
    makeFolder(path.endsWith('/') ? path : dirname(path));
    if (path.endsWith('/')) continue;
    if (content.startsWith('-> ')) symlinkSync(content.slice(3), join(root, path));
    else writeFileSync(join(root, path), content);
  }
  return root;
}

/** Makes `root/path` a folder with links to what `base/path` has, except where something below it changes. */
function overlay(base: string, root: string, path: string, changes: TreeFiles): void {
  const own = new Map<string, TreeFiles>();
  for (const [changed, content] of Object.entries(changes)) {
    const [first, ...rest] = changed.split('/');
    const below = own.get(first) ?? {};
    below[rest.join('/')] = content;
    own.set(first, below);
  }
  const folder = join(base, path);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  mkdirSync(join(root, path), { recursive: true });
  for (const name of names) if (!own.has(name)) symlinkSync(join(folder, name), join(root, path, name));
  for (const [name, below] of own) {
    const content = below[''];
    if (content === undefined) overlay(base, root, join(path, name), below);
    else if (content !== null) writeFileSync(join(root, path, name), content);
  }
}

function readTree(name: string): TreeFiles {
  const files: TreeFiles = {};
  let path = '';
  for (const line of readFileSync(join(TESTDATA, `${name}.tree`), 'utf8').split(/(?<=\n)/)) {
    const head = /^--- (.*?)(?: (-> .*))?\n$/.exec(line);
    if (head === null) {
      files[path] += line;
    } else {
      path = head[1];
      files[path] = head[2] ?? '';
    }
  }
  return files;
}

/** The options that make the collector read the host unpacked at `root`. */
export function hostAt(root: string): HostOptions {
  return {
    platform: 'linux',
    procPath: join(root, 'proc'),
    sysPath: join(root, 'sys'),
    rootfsPath: root,
    udevDataPath: join(root, 'run/udev/data'),
  };
}

export interface Reading {
  families: Map<string, MetricFamily>;
  failures: CollectorFailure[];
}

/** Collects the host at `root`. */
export function read(root: string, options: HostOptions = {}): Reading {
  const failures: CollectorFailure[] = [];
  const families = collectHost({
    ...hostAt(root),
    onFailure: (failure) => failures.push(failure),
    ...options,
  });
  return { families: new Map(families.map((family) => [family.name, family])), failures };
}

/** The samples of a family as `{label="value"} v` lines, without the name, sorted; undefined where there is none. */
export function samples({ families }: Reading, name: string): string[] | undefined {
  return families
    .get(name)
    ?.samples.map(({ labels, v }) => `${labels.without('__name__').toString()} ${v}`)
    .sort();
}

/** The value of the one sample that a family without labels has. */
export function value({ families }: Reading, name: string): number | undefined {
  return families.get(name)?.samples[0].v;
}
