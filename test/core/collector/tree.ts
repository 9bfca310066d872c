/** Made-up hosts of test/testdata/host, unpacked for one test, and the families that the collector finds there. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { type CollectorFailure, collectHost, type HostOptions } from '../../../src/core/collector/index.ts';
import type { MetricFamily } from '../../../src/core/model/index.ts';

const TESTDATA = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'testdata', 'host');

/** Path -> content; `-> target` makes a link, null takes the file away. Paths that end in `/` are empty folders. */
export type TreeFiles = Record<string, string | null>;

/** Unpacks `<name>.tree`, changed by `changes`, into a folder that is gone after the test, and returns its path. */
export function unpackTree(name: string, changes: TreeFiles = {}): string {
  return writeTree({ ...readTree(name), ...changes });
}

/** Writes `files` into a new folder that is gone after the test, and returns its path. */
export function writeTree(files: TreeFiles): string {
  const root = mkdtempSync(join(tmpdir(), 'tsmon-host-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, 'proc'));
  mkdirSync(join(root, 'sys'));
  for (const [path, content] of Object.entries(files)) {
    if (content === null) continue;
    const target = join(root, path);
    mkdirSync(path.endsWith('/') ? target : dirname(target), { recursive: true });
    if (path.endsWith('/')) continue;
    if (content.startsWith('-> ')) symlinkSync(content.slice(3), target);
    else writeFileSync(target, content);
  }
  return root;
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
