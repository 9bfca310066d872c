/** Our relabelling beside that of a real Prometheus: random rules and targets, compared by the targets it lists. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how Go writes references to groups
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { labelsFromObject } from '../../src/core/model/index.ts';
import { parseRelabelRules } from '../../src/core/relabel/index.ts';
import { discoveredLabels, targetFrom } from '../../src/core/scrape/index.ts';
import { job as jobSettings } from '../core/scrape/job.ts';
import { describeWith, peer } from '../peers.ts';
import { RealPrometheus } from './prometheus.ts';

/** Others may be tried: TSMON_SEED=7 npx vitest run test/interop/relabel.test.ts */
const SEED = Number(process.env['TSMON_SEED'] ?? 20261120);
const JOBS = 500;
const TARGETS = 8;

const name = fc.constantFrom('a', 'b', 'c', 'ab', 'a b', 'é');
const value = fc.constantFrom(
  'foo',
  'Foo',
  'bar',
  'foo-1',
  'x:9100',
  'ÄÖÜ ß',
  'İ',
  'a;b',
  'x\ny',
  '12',
  'foo$1',
  'ſtraſſe K',
);
const regex = fc.constantFrom(
  '(.*)',
  '',
  'foo.*',
  '(f)(o+).*',
  '(?i)FOO',
  '([^:]+)(?::(\\d+))?',
  '(?P<first>.)(?P<rest>.*)',
  '(.*);(.*)',
  '.+',
  '[a-z]+|\\d+',
  '(a|b)?(.*)',
  '\\w+',
  '(?i)s.*',
);
const template = fc.constantFrom(
  '$1',
  '${2}',
  'x',
  '',
  '$2-$1',
  '${1}_y',
  '$first',
  '${rest}',
  '$$1',
  '$9',
  'a$',
  '${1',
);
const target = fc.oneof(
  { weight: 3, arbitrary: name },
  { weight: 2, arbitrary: fc.constantFrom('x_$1', '${2}', '$first', 'd') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '__metrics_path__',
      '__param_q',
      '__param_${1}',
      'instance',
      '__tmp_$1',
      '__meta_x',
    ),
  },
);
/** Labels that say how to scrape, and values of which some cannot be. */
const settings = fc.oneof(
  fc.record({
    target_label: fc.constantFrom('__scrape_interval__', '__scrape_timeout__'),
    replacement: fc.constantFrom('5s', '1m', '2h', '500ms', '0s', '', 'x', '1h30m'),
  }),
  fc.record({
    target_label: fc.constant('__address__'),
    replacement: fc.constantFrom('h:1', 'a/b', '', 'http://x', '$1', '[::1]:9', 'h'),
  }),
  fc.record({
    target_label: fc.constantFrom('instance', 'job', '__scheme__'),
    replacement: fc.constantFrom('https', 'http'),
  }),
);
const source_labels = fc.array(name, { maxLength: 3 });

const rule = fc.oneof(
  {
    weight: 2,
    arbitrary: fc
      .tuple(settings, source_labels, fc.constantFrom('(.*)', 'foo.*', '.+', 'x.*'))
      .map(([set, sources, expression]) => ({ ...set, source_labels: sources, regex: expression })),
  },
  { weight: 6, arbitrary: fc.record({ source_labels, regex, target_label: target, replacement: template }) },
  {
    weight: 1,
    arbitrary: fc.record({ source_labels, separator: fc.constantFrom('', '/'), target_label: name }),
  },
  { weight: 1, arbitrary: fc.record({ action: fc.constantFrom('keep', 'drop'), source_labels, regex }) },
  {
    weight: 1,
    arbitrary: fc.record({
      action: fc.constantFrom('keepequal', 'dropequal'),
      source_labels,
      target_label: name,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      action: fc.constant('hashmod'),
      source_labels,
      target_label: name,
      modulus: fc.constantFrom(1, 7, 1000, 2 ** 32, 2 ** 53 - 111),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      action: fc.constantFrom('lowercase', 'uppercase'),
      source_labels,
      target_label: name,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      action: fc.constant('labelmap'),
      // Never two names to one: Prometheus takes the labels of a target in random order.
      regex: fc.constantFrom('([ab])(.*)', '(?P<first>é|c)()'),
      replacement: fc.constantFrom('$1$2', 'm_$1$2', '${2}_$1'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ action: fc.constant('labeldrop'), regex: fc.constantFrom('a.*', 'é', 'x_.*') }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ action: fc.constant('labelkeep'), regex: fc.constant('__.*|job|a.*|m_.*') }),
  },
);

const GLOBAL = { scrapeIntervalMs: 3_600_000, scrapeTimeoutMs: 1000 };

function idOf(labels: Record<string, string>, url: string): string {
  return JSON.stringify([url, Object.entries(labels).sort()]);
}

interface ListedTarget {
  discoveredLabels: Record<string, string>;
  labels?: Record<string, string>;
  scrapeUrl?: string;
}

const prometheus = peer('prometheus');

describeWith('relabelling as Prometheus does it', { prometheus }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'tsmon-relabel-'));
  const configs = fc.sample(fc.array(rule, { minLength: 1, maxLength: 4 }), { seed: SEED, numRuns: JOBS });
  const labels = fc.sample(fc.dictionary(name, value, { maxKeys: 5 }), {
    seed: SEED,
    numRuns: JOBS * TARGETS,
  });
  let real: RealPrometheus;

  beforeAll(async () => {
    const scrape_configs = configs.map((relabel_configs, job) => ({
      job_name: `job${job}`,
      relabel_configs,
      static_configs: labels.slice(job * TARGETS, (job + 1) * TARGETS).map((set, i) => ({
        targets: [`127.0.0.1:${10 + i}`],
        labels: set,
      })),
    }));
    // YAML takes JSON.
    const config = JSON.stringify({
      global: { scrape_interval: '1h', scrape_timeout: '1s' },
      scrape_configs,
    });
    real = await RealPrometheus.start(prometheus!, dir, config);
  });

  afterAll(async () => {
    await real?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it(`gives ${JOBS * TARGETS} targets the same labels, or drops them alike`, {
    timeout: 60_000,
  }, async () => {
    let active: ListedTarget[] = [];
    let dropped: ListedTarget[] = [];
    // Discovery hands targets over every five seconds.
    const listed = () => active.length + dropped.length;
    for (let i = 0; i < 60 && listed() < JOBS * TARGETS; i++) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      const data = (await real.get('targets')) as {
        activeTargets: ListedTarget[];
        droppedTargets: ListedTarget[];
      };
      active = data.activeTargets;
      dropped = data.droppedTargets;
    }
    // Targets of a job whose labels come out alike are one, and the others are not listed.
    expect(listed()).toBeGreaterThan(JOBS * TARGETS * 0.7);
    expect(active.length).toBeGreaterThan(JOBS);
    expect(dropped.length).toBeGreaterThan(JOBS / 2);
    const jobs = configs.map((config) => jobSettings({ relabelConfigs: parseRelabelRules(config) }));
    for (const { discoveredLabels: found, labels: want, scrapeUrl } of [...active, ...dropped]) {
      const job = Number(found['job'].slice(3));
      const outcome = targetFrom(labelsFromObject(found), jobs[job]);
      const context = { rules: configs[job], found };
      const ours =
        outcome.kind === 'active'
          ? { labels: outcome.target.labels.toObject(), url: outcome.target.url }
          : outcome.kind;
      const theirs = want === undefined ? 'dropped' : { labels: want, url: scrapeUrl };
      expect({ ...context, result: ours }).toEqual({ ...context, result: theirs });
    }
    // And the other way round: what Prometheus does not list cannot be scraped.
    const known = new Set(active.map((target) => idOf(target.labels!, target.scrapeUrl!)));
    let faulty = 0;
    for (const [i, own] of labels.entries()) {
      const settings = {
        ...jobs[Math.floor(i / TARGETS)],
        ...GLOBAL,
        jobName: `job${Math.floor(i / TARGETS)}`,
      };
      const address = labelsFromObject({ __address__: `127.0.0.1:${10 + (i % TARGETS)}` });
      const outcome = targetFrom(discoveredLabels(address, labelsFromObject(own), settings), settings);
      if (outcome.kind === 'faulty') faulty++;
      if (outcome.kind !== 'active') continue;
      const { labels: final, url } = outcome.target;
      expect(known, `${final} of ${JSON.stringify(configs[Math.floor(i / TARGETS)])}`).toContain(
        idOf(final.toObject(), url),
      );
    }
    expect(faulty).toBeGreaterThan(JOBS / 10);
  });
});
