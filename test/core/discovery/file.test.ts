import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { FileDiscoverer, type TargetGroup } from '../../../src/core/discovery/index.ts';

let dir: string;
let abort: AbortController;
let running: Promise<void>;
let groups: Map<string, TargetGroup>;
let failures: string[];
let leastTargets: number;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-file-sd-'));
  abort = new AbortController();
  groups = new Map();
  failures = [];
  leastTargets = Number.POSITIVE_INFINITY;
});

afterEach(async () => {
  abort.abort();
  await running;
  rmSync(dir, { recursive: true, force: true });
});

function watchFiles(refreshIntervalMs: number, ...files: string[]): void {
  const discoverer = new FileDiscoverer({
    mechanism: 'file',
    files: files.map((file) => join(dir, file)),
    refreshIntervalMs,
  });
  running = discoverer.run(
    {
      clock: systemClock,
      update: (changed) => {
        for (const group of changed) {
          if (group.targets.length === 0) groups.delete(group.source);
          else groups.set(group.source, group);
        }
        leastTargets = Math.min(leastTargets, addresses().length);
      },
      failed: (error) => failures.push(error.message),
    },
    abort.signal,
  );
}

function addresses(): string[] {
  return [...groups.values()].flatMap(({ targets }) => targets.map((target) => target.get('__address__')));
}

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !holds(); i++) await pause(10);
  expect(holds()).toBe(true);
}

function write(name: string, text: string): void {
  writeFileSync(join(dir, name), text);
}

describe('FileDiscoverer', () => {
  it('reads JSON and YAML files that a pattern matches, and says which file a target is from', async () => {
    write('a.json', '[{"targets": ["a:1", "a:2"], "labels": {"x": "1"}}, {"targets": ["a:3"]}]');
    write('b.yml', '- targets: [b:1]\n  labels: {port: 9100, on: true}\n');
    write('other.txt', 'nothing');
    watchFiles(60_000, '*.json', '*.yml');
    await until(() => groups.size === 3);
    expect(addresses()).toEqual(['a:1', 'a:2', 'a:3', 'b:1']);
    expect(groups.get(`${join(dir, 'b.yml')}:0`)!.labels.toObject()).toEqual({
      __meta_filepath: join(dir, 'b.yml'),
      on: 'true',
      port: '9100',
    });
  });

  it('notices files that change, come and go', async () => {
    write('a.json', '[{"targets": ["a:1"]}]');
    watchFiles(60_000, '*.json');
    await until(() => addresses().join() === 'a:1');
    write('a.json', '[{"targets": ["a:2"]}]');
    await until(() => addresses().join() === 'a:2');
    write('b.json', '[{"targets": ["b:1"]}, {"targets": ["b:2"]}]');
    await until(() => addresses().join() === 'a:2,b:1,b:2');
    write('b.json', '[{"targets": ["b:1"]}]');
    await until(() => addresses().join() === 'a:2,b:1');
    rmSync(join(dir, 'a.json'));
    await until(() => addresses().join() === 'b:1');
    write('b.json', '[]');
    await until(() => addresses().length === 0);
    expect(failures).toEqual([]);
  });

  it('keeps what a file said that is broken now, until it is whole again', async () => {
    write('a.json', '[{"targets": ["a:1"]}]');
    write('b.yml', '- targets: [b:1]\n');
    watchFiles(60_000, 'a.json', 'b.yml');
    await until(() => groups.size === 2);
    write('a.json', '[{"targets": ["a:2"');
    write('b.yml', '- targets: [b:1]\n  lables: {}\n');
    await until(() => failures.length === 2);
    expect(addresses()).toEqual(['a:1', 'b:1']);
    expect(failures.join()).toContain('unknown field "lables"');
    write('a.json', '[{"targets": ["a:2"]}]');
    await until(() => addresses().join() === 'a:2,b:1');
  });

  it('reads every so often, where nothing tells of changes', async () => {
    watchFiles(20, 'later/a.json');
    await pause(50);
    expect(groups.size).toBe(0);
    const made = join(dir, 'made');
    const { mkdirSync } = await import('node:fs');
    mkdirSync(made);
    writeFileSync(join(made, 'a.json'), '[{"targets": ["a:1"]}]');
    renameSync(made, join(dir, 'later'));
    await until(() => addresses().join() === 'a:1');
  });

  it('loses no target while a file is written again a thousand times', async () => {
    const targets = Array.from({ length: 50 }, (_, i) => `h:${i + 1}`);
    const document = (round: number) => JSON.stringify([{ targets, labels: { round: String(round) } }]);
    write('a.json', document(0));
    write('b.yml', document(0));
    watchFiles(5, '*.json', '*.yml');
    await until(() => addresses().length === 100);
    leastTargets = 100;
    for (let round = 1; round <= 1000; round++) {
      // Half of them in place, so that a reader may see an empty or half a file.
      write('b.yml', document(round));
      write('a.tmp', document(round));
      renameSync(join(dir, 'a.tmp'), join(dir, 'a.json'));
      if (round % 20 === 0) await pause(1);
    }
    const rounds = () => [...groups.values()].map(({ labels }) => labels.get('round')).join();
    await until(() => rounds() === '1000,1000');
    expect(leastTargets).toBe(100);
    expect(addresses()).toEqual([...targets, ...targets]);
  });
});
