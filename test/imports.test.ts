/**
 * Keeps docs/architecture.md true: inside core a folder imports only from folders above it, commands import from
 * core and never the reverse, PromQL knows no storage, and nothing goes round in circles.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './cli.ts';

/** From the ground up, as docs/architecture.md lists them. */
const LAYERS = [
  'clock.ts',
  'errors.ts',
  'spelling',
  'encoding',
  'http',
  'regex',
  'model',
  'instrument',
  'relabel',
  'exposition',
  'collector',
  'template',
  'tsdb/lock.ts',
  'tsdb/chunk',
  'tsdb/index',
  'tsdb/wal',
  'tsdb/block',
  'tsdb/head',
  'tsdb/append',
  'tsdb/compaction',
  'tsdb/import',
  'tsdb/analyze',
  'tsdb/copy',
  'tsdb/rewrite',
  'tsdb',
  'remote',
  'source',
  'otlp',
  'promql/parser',
  'promql/test-language',
  'promql/plan',
  'promql/functions',
  'promql/engine',
  'promql',
  'yaml',
  'discovery',
  'scrape',
  'rules',
  'notifier',
  'alertmanager',
  'pushgateway',
  'config',
  'server',
];

/** What PromQL may know of sources: the interface, and for its test scripts the series in memory. */
const SEAM = ['core/source/source.ts', 'core/source/memory.ts'];

interface Import {
  from: string;
  to: string;
}

const src = join(root, 'src');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file));
const imports = files.flatMap(importsOf);

describe('the direction of imports', () => {
  it('every folder of core has its place', () => {
    const homeless = files.filter((file) => file.startsWith('core/') && layerOf(file) < 0);
    expect(homeless).toEqual([]);
  });

  it('inside core, only upward', () => {
    const wrong = imports.filter(
      ({ from, to }) => from.startsWith('core/') && to.startsWith('core/') && layerOf(to) > layerOf(from),
    );
    expect(wrong).toEqual([]);
  });

  it('core knows neither commands nor their terminal', () => {
    const wrong = imports.filter(
      ({ from, to }) =>
        from.startsWith('core/') &&
        (/^(cli|commands|web)\//.test(to) || /^(@oclif|chalk|cli-table3|ink)/.test(to)),
    );
    expect(wrong).toEqual([]);
    const terminal = files.filter(
      (file) => file.startsWith('core/') && /process\.(argv|stdout|stdin|stderr|exit\b)/.test(read(file)),
    );
    expect(terminal).toEqual([]);
  });

  it('PromQL sees the source seam alone, and the seam sees no storage', () => {
    const wrong = imports.filter(
      ({ from, to }) =>
        (from.startsWith('core/promql/') && /^core\/(tsdb|remote)\//.test(to)) ||
        (from.startsWith('core/promql/') && to.startsWith('core/source/') && !SEAM.includes(to)) ||
        (from === 'core/source/source.ts' && to.startsWith('core/tsdb/')),
    );
    expect(wrong).toEqual([]);
  });

  it('no cycles, not even between neighbours', () => {
    const graph = new Map<string, string[]>();
    for (const { from, to } of imports) graph.set(from, [...(graph.get(from) ?? []), to]);
    expect(cycleIn(graph)).toEqual([]);
  });
});

function layerOf(file: string): number {
  const path = file.slice('core/'.length);
  let best = -1;
  for (let i = 0; i < LAYERS.length; i++) {
    const layer = LAYERS[i];
    const inside = path === layer || path.startsWith(`${layer}/`);
    if (inside && (best < 0 || layer.length > LAYERS[best].length)) best = i;
  }
  return best;
}

/** Static and dynamic imports, resolved to paths below src/ where they are relative. */
function importsOf(file: string): Import[] {
  const found: Import[] = [];
  for (const match of read(file).matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)) {
    const target = match[1];
    found.push({
      from: file,
      to: target.startsWith('.') ? relative(src, join(src, dirname(file), target)) : target,
    });
  }
  return found;
}

function read(file: string): string {
  return readFileSync(join(src, file), 'utf8');
}

/** One cycle as a list of files, or [] where there is none. */
function cycleIn(graph: Map<string, string[]>): string[] {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): string[] => {
    const at = path.indexOf(file);
    if (at >= 0) return [...path.slice(at), file];
    if (done.has(file)) return [];
    path.push(file);
    for (const next of graph.get(file) ?? []) {
      const cycle = visit(next);
      if (cycle.length > 0) return cycle;
    }
    path.pop();
    done.add(file);
    return [];
  };
  for (const file of graph.keys()) {
    const cycle = visit(file);
    if (cycle.length > 0) return cycle;
  }
  return [];
}
