/**
 * Thousands of configurations with one fault each, or none: every key of every section takes values that it may or may
 * not have, goes missing, or gets neighbours that it does not know. promtool's verdict must be ours.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { parse, stringify } from 'yaml';
import { ConfigError, parseConfig } from '../../src/core/config/index.ts';
import { describeWith, peer } from '../peers.ts';

type Tree = null | string | number | boolean | bigint | Tree[] | { [key: string]: Tree };

const VALUES: readonly Tree[] = [
  ...[null, '', 'foo', ':x', -1, 0, 1.5, 1e20, 2n ** 64n, true, [], {}, ['a'], { a: 'b' }, [null], ['']],
  ...['5m', '0s', '-5m', 'http://x', 'TLS14', 'tls12', '1', '{{x}}', 'a(', '\t', 'é', '__name__'],
];

/** Keys that other sections have. */
const NEIGHBOURS: Readonly<Record<string, Tree>> = {
  unknown_key: 1,
  bearer_token: 'x',
  authorization: { credentials: 'x' },
  oauth2: { client_id: 'a', token_url: 'b' },
  proxy_from_environment: true,
  ca: 'x',
  password_file: 'x',
  username_file: 'x',
  credentials_file: 'x',
  sigv4: { region: 'x' },
};

/** Every so many of them are tried. */
const STEP = 11;
const BATCH = 200;

/**
 * Where the verdicts differ on purpose: what 3.14 refuses and the Prometheus at hand does not, what it asks the network
 * for, and what `tsmon serve check` looks at after the configuration was read (targets).
 */
const DIFFERENT = [
  /^global global\.metric_name_validation_scheme = /,
  /queue_config(?: |\.(?:capacity|max_shards|min_shards|max_samples_per_send|max_backoff|min_backoff) )/,
  /^(?:ec2|lightsail) \S*(?:region (?:= (?:null|""|\[\])|deleted)|\.0 = (?:\{\}|null))$/,
  /^kubernetes .*api_server = ""$/,
  /static_configs\.0\.targets/,
];

interface Case {
  name: string;
  text: string;
}

/** All configurations that differ from a good one in one place. */
function* variants(section: string, good: Tree): Generator<Case> {
  const whole = (
    path: readonly (string | number)[],
    change: (parent: Tree, key: string | number) => void,
  ) => {
    const copy = structuredClone(good);
    let parent = copy;
    for (const key of path.slice(0, -1)) parent = (parent as Record<string | number, Tree>)[key];
    change(parent, path.at(-1)!);
    return stringify(copy);
  };
  function* below(node: Tree, path: readonly (string | number)[]): Generator<Case> {
    const name = (what: string) => `${section} ${path.join('.')} ${what}`;
    const set = (value: Tree) =>
      whole(path, (parent, key) => ((parent as Record<string | number, Tree>)[key] = value));
    const children = Array.isArray(node) ? [...node.entries()] : isMap(node) ? Object.entries(node) : [];
    if (path.length > 0) {
      for (const value of VALUES) {
        const shown = typeof value === 'bigint' ? String(value) : JSON.stringify(value);
        yield { name: name(`= ${shown}`), text: set(value) };
      }
      const deleted = whole(path, (parent, key) => {
        if (Array.isArray(parent)) parent.splice(key as number, 1);
        else delete (parent as Record<string, Tree>)[key];
      });
      yield { name: name('deleted'), text: deleted };
      if (Array.isArray(node)) yield { name: name('doubled'), text: set([...node, ...node]) };
      if (isMap(node)) {
        for (const [key, value] of Object.entries(NEIGHBOURS)) {
          if (!(key in node)) yield { name: name(`+ ${key}`), text: set({ ...node, [key]: value }) };
        }
      }
    }
    for (const [key, child] of children) yield* below(child as Tree, [...path, key]);
  }
  yield { name: section, text: stringify(good) };
  yield* below(good, []);
}

function isMap(node: Tree): node is { [key: string]: Tree } {
  return typeof node === 'object' && node !== null && !Array.isArray(node);
}

function isGood(text: string): boolean {
  try {
    parseConfig(text, { syntaxOnly: true });
    return true;
  } catch (error) {
    if (error instanceof ConfigError) return false;
    throw error;
  }
}

const promtool = peer('promtool');

describeWith('configurations with a fault', { promtool }, () => {
  it('get promtool’s verdict', () => {
    const dir = mkdtempSync(join(tmpdir(), 'tsmon-faults-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const sections = parse(
      readFileSync(new URL('../testdata/config/sections.yml', import.meta.url), 'utf8'),
      { merge: true },
    ) as Record<string, Tree>;
    delete sections['shared'];
    const all = Object.entries(sections).flatMap(([section, good]) => [...variants(section, good)]);
    const tried = all.filter(
      ({ name }, i) => (i % STEP === 0 || !name.includes(' ')) && !DIFFERENT.some((some) => some.test(name)),
    );
    expect(tried.length).toBeGreaterThan(2000);
    const different: string[] = [];
    let good = 0;
    for (let from = 0; from < tried.length; ) {
      const batch = tried.slice(from, from + BATCH);
      const verdicts = promtoolVerdicts(dir, batch);
      from += verdicts.length;
      for (const [i, theirs] of verdicts.entries()) {
        const { name, text } = batch[i];
        if (theirs === true) good++;
        if (theirs !== undefined && isGood(text) !== theirs)
          different.push(`${name}: ${theirs ? 'good' : 'refused'} by promtool`);
      }
    }
    expect(different).toEqual([]);
    expect(good).toBeGreaterThan(300);
  });
});

/** Of the first of a batch, up to one at which promtool breaks down, which has none. */
function promtoolVerdicts(dir: string, batch: readonly Case[]): (boolean | undefined)[] {
  const files = batch.map(({ text }, i) => {
    const file = join(dir, `${i}.yml`);
    writeFileSync(file, text);
    return file;
  });
  const { status, stdout } = spawnSync(promtool!, ['check', 'config', '--syntax-only', ...files], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  const begun = [...stdout.matchAll(/^Checking /gm)].length;
  const passed = new Set([...stdout.matchAll(/^ SUCCESS: (\S+) is valid/gm)].map(([, file]) => file));
  const verdicts = files.slice(0, begun).map((file) => passed.has(file));
  return status === 2 ? [...verdicts.slice(0, -1), undefined] : verdicts;
}
