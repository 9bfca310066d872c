/** Our relabelling beside that of a real Prometheus: random rules and targets, compared by the targets it lists. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how Go writes references to groups
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { labelsFromObject } from '../../src/core/model/index.ts';
import { parseRelabelRules } from '../../src/core/relabel/index.ts';
import { targetFrom } from '../../src/core/scrape/index.ts';
import { job as jobSettings } from '../core/scrape/job.ts';
import { describeWith, peer } from '../peers.ts';
import { RealPrometheus } from './prometheus.ts';

const SEED = 20261120;
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
const source_labels = fc.array(name, { maxLength: 3 });

const rule = fc.oneof(
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
    expect(listed()).toBeGreaterThan(JOBS * TARGETS * 0.8);
    expect(active.length).toBeGreaterThan(JOBS);
    expect(dropped.length).toBeGreaterThan(JOBS / 2);
    const jobs = configs.map((config) => jobSettings({ relabelConfigs: parseRelabelRules(config) }));
    for (const { discoveredLabels, labels: want, scrapeUrl } of [...active, ...dropped]) {
      const job = Number(discoveredLabels['job'].slice(3));
      const outcome = targetFrom(labelsFromObject(discoveredLabels), jobs[job]);
      const context = { rules: configs[job], discoveredLabels };
      const ours =
        outcome.kind === 'active'
          ? { labels: outcome.target.labels.toObject(), url: outcome.target.url }
          : outcome.kind;
      const theirs = want === undefined ? 'dropped' : { labels: want, url: scrapeUrl };
      expect({ ...context, result: ours }).toEqual({ ...context, result: theirs });
    }
  });
});
