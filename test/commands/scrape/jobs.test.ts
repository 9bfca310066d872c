/** The commands that take a prometheus.yml: scrape --config, scrape targets, scrape relabel. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Finished, startTsmon, tsmon } from '../../cli.ts';
import { serveHttp } from '../../core/http/servers.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-jobs-'));
});

afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

function file(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}

/** Runs beside a server of this process; `until` says when it is to be interrupted. */
async function run(args: readonly string[], until?: (stdout: string) => boolean): Promise<Finished> {
  const child = startTsmon(args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: dir });
  let stdout = '';
  let stderr = '';
  child.stdout!.on('data', (piece: Buffer) => {
    stdout += piece.toString('utf8');
    if (until?.(stdout)) child.kill('SIGINT');
  });
  child.stderr!.on('data', (piece: Buffer) => {
    stderr += piece.toString('utf8');
  });
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { status, stdout, stderr };
}

async function target(body: string): Promise<string> {
  const url = await serveHttp((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4' }).end(body);
  });
  return new URL(url).host;
}

/** The samples of text output, without times, types and what differs from run to run. */
function samples(stdout: string): string[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '' && !/^#|^scrape_duration/.test(line))
    .map((line) => line.replace(/ \d{13}$/, ''));
}

describe('scrape --config', () => {
  it('scrapes every target of every job once, as the configuration says', async () => {
    const host = await target('a 1\nb{instance="own"} 2\ngo_x 3\n');
    file('targets.json', JSON.stringify([{ targets: [host], labels: { env: 'prod' } }]));
    file(
      'prometheus.yml',
      `scrape_configs:
- job_name: one
  honor_labels: true
  static_configs: [{targets: ['${host}', 'dropped:1']}]
  relabel_configs: [{source_labels: [__address__], regex: 'dropped:1', action: drop}]
  metric_relabel_configs: [{source_labels: [__name__], regex: 'go_.*', action: drop}]
- job_name: two
  sample_limit: 2
  file_sd_configs: [{files: [targets.json]}]
`,
    );
    const { status, stdout, stderr } = await run(['scrape', '--config', 'prometheus.yml']);
    const one = `instance="${host}",job="one"`;
    const two = `env="prod",instance="${host}",job="two"`;
    expect(samples(stdout)).toEqual([
      `a{${one}} 1`,
      'b{instance="own",job="one"} 2',
      `up{${one}} 1`,
      `scrape_samples_scraped{${one}} 3`,
      `scrape_samples_post_metric_relabeling{${one}} 2`,
      `scrape_series_added{${one}} 2`,
      `up{${two}} 0`,
      `scrape_samples_scraped{${two}} 3`,
      `scrape_samples_post_metric_relabeling{${two}} 3`,
      expect.stringContaining('scrape_series_added'),
    ]);
    expect(stderr).toBe(`error: http://${host}/metrics: sample limit exceeded\n`);
    expect(status).toBe(1);
  });

  it('scrapes so often with --count, each job at its own pace or all at one', async () => {
    let asked = 0;
    const url = await serveHttp((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4' }).end(`a ${++asked}\n`);
    });
    const job = (name: string, interval: string) =>
      `- {job_name: ${name}, scrape_interval: ${interval}, scrape_timeout: ${interval}, static_configs: [{targets: ['${new URL(url).host}']}]}\n`;
    file('prometheus.yml', `scrape_configs:\n${job('quick', '1s')}${job('slow', '1h')}`);
    const times = ({ stdout }: Finished, name: string) =>
      [...stdout.matchAll(new RegExp(`^a\\{.*job="${name}"\\} \\d+ (\\d+)$`, 'gm'))].map(([, t]) =>
        Number(t),
      );
    const own = await run(['scrape', '--config', 'prometheus.yml', '--scrape-job', 'quick', '--count', '3']);
    expect([own.status, asked, times(own, 'quick').length]).toEqual([0, 3, 3]);
    const all = await run(['scrape', '--config', 'prometheus.yml', '--interval', '1s', '--count', '2']);
    expect([times(all, 'quick').length, times(all, 'slow').length, all.status]).toEqual([2, 2, 0]);
  });

  it('hands on when series began, for who stores them to add zeros', async () => {
    const created = Date.now() / 1000 - 60;
    const url = await serveHttp((_request, response) => {
      response
        .writeHead(200, { 'Content-Type': 'application/openmetrics-text; version=1.0.0' })
        .end(`# TYPE c counter\nc_total 7\nc_created ${created}\n# EOF\n`);
    });
    file(
      'prometheus.yml',
      `scrape_configs: [{job_name: j, static_configs: [{targets: ['${new URL(url).host}']}]}]`,
    );
    const feature = ['--enable-feature', 'created-timestamp-zero-ingestion'];
    const jsonl = await run(['scrape', '--config', 'prometheus.yml', '-o', 'jsonl', ...feature]);
    const again = await run(['scrape', new URL(url).host, '-o', 'jsonl', ...feature]);
    expect(again.stdout).toContain(`"start_timestamps":[${Math.round(created * 1000)}]`);
    const append = (input: string) =>
      tsmon(['tsdb', 'append', '--to', 'data', ...feature], { cwd: dir, input });
    expect(append(jsonl.stdout)).toMatchObject({ status: 0, stderr: 'appended 7 samples to data\n' });
    // The zero is there already, and nothing is said of that.
    const later = jsonl.stdout.replace(
      /"timestamps":\[(\d+)\]/g,
      (_, t) => `"timestamps":[${Number(t) + 1000}]`,
    );
    expect(append(later)).toMatchObject({ status: 0, stderr: 'appended 6 samples to data\n' });
    const values = tsmon(['tsdb', 'dump', '--from', 'data', '--match', 'c_total'], { cwd: dir }).stdout;
    expect([...values.matchAll(/ (\d+) (\d{13})$/gm)].map(([, v]) => v)).toEqual(['0', '7', '7']);
    const odd = tsmon(['scrape', 'x', '--enable-feature', 'created-timestamp'], { cwd: dir });
    expect([odd.status, odd.stderr]).toEqual([2, expect.stringContaining('has no effect here')]);
  });

  it('takes one job by its name, and guesses at a name that is wrong', async () => {
    const host = await target('a 1\n');
    file('prometheus.yml', `scrape_configs: [{job_name: node, static_configs: [{targets: ['${host}']}]}]\n`);
    const right = await run(['scrape', '--scrape-job', 'node']);
    expect([right.status, samples(right.stdout)[0]]).toEqual([0, `a{instance="${host}",job="node"} 1`]);
    const wrong = await run(['scrape', '--scrape-job', 'nodes']);
    expect(wrong).toEqual({
      status: 2,
      stdout: '',
      stderr: 'error: prometheus.yml: there is no job "nodes" (did you mean node?)\n',
    });
  });

  it('refuses flags that the configuration makes void, and names of targets', () => {
    const config = file('prometheus.yml', 'scrape_configs: []\n');
    const raw = tsmon(['scrape', '--config', config, '--raw']);
    expect([raw.status, raw.stderr]).toEqual([
      2,
      'error: --raw does not go with --config, which says all of that\n',
    ]);
    const named = tsmon(['scrape', '--config', config, 'host:']);
    expect([named.status, named.stderr]).toEqual([
      2,
      'error: name targets, or jobs of a configuration, but not both\n',
    ]);
  });

  it('tells everything that is wrong with a configuration', () => {
    const config = file(
      'prometheus.yml',
      'scrape_configs:\n- {jobname: a}\n- {job_name: b, scheme: 1s, x: y}\n',
    );
    const { status, stderr } = tsmon(['scrape', '--config', config]);
    expect(status).toBe(2);
    expect(stderr).toContain('field jobname not found');
    expect(stderr).toContain('field x not found');
  });

  it('says what cannot be discovered or scraped, and scrapes the rest', async () => {
    const host = await target('a 1\n');
    file(
      'prometheus.yml',
      `scrape_configs:
- job_name: good
  static_configs: [{targets: ['${host}', 'x:1']}]
  relabel_configs: [{source_labels: [__address__], regex: 'x:1', target_label: __address__, replacement: a/b}]
- {job_name: bad, azure_sd_configs: [{subscription_id: x, tenant_id: a, client_id: b, client_secret: c}]}
`,
    );
    const { status, stdout, stderr } = await run(['scrape', '--config', 'prometheus.yml']);
    expect(samples(stdout)).toContain(`up{instance="${host}",job="good"} 1`);
    expect(stderr).toContain('cannot be scraped: "a/b" is not a valid hostname');
    expect(stderr).toContain('bad: discovery (azure) failed');
    expect(status).toBe(1);
  });

  it('ends in one run from cron what the run before still had', async () => {
    let body = 'a 1\nb 2\n';
    const url = await serveHttp((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4' }).end(body);
    });
    const job = `{job_name: j, static_configs: [{targets: ['${new URL(url).host}']}]}`;
    file('prometheus.yml', `scrape_configs: [${job}]\n`);
    const args = ['scrape', '--config', 'prometheus.yml', '--state', 'state', '-o', 'jsonl'];
    const ended = async () => (await run(args)).stdout.split('\n').filter((line) => line.includes('stale'));
    expect(await ended()).toEqual([]);
    body = 'a 1\n';
    expect(await ended()).toEqual([expect.stringContaining('"__name__":"b"')]);
    file('prometheus.yml', 'scrape_configs: []\n');
    expect(await ended()).toHaveLength(6);
    expect(await ended()).toEqual([]);
    expect(tsmon([...args, '--watch'], { cwd: dir }).stderr).toContain('--state goes with one scrape');
  }, 30_000);

  it('reads the file again at SIGHUP, and stays as it is where that is no good', async () => {
    const host = await target('a 1\n');
    const jobs = (name: string) =>
      file(
        'prometheus.yml',
        `scrape_configs: [{job_name: ${name}, static_configs: [{targets: ['${host}']}]}]\n`,
      );
    jobs('before');
    const child = startTsmon(['scrape', '--config', 'prometheus.yml', '--interval', '100ms'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: dir,
    });
    const said = (stream: 'stdout' | 'stderr', text: string) =>
      new Promise<void>((resolve) => {
        child[stream]!.on('data', (piece: Buffer) => {
          if (piece.toString('utf8').includes(text)) resolve();
        });
      });
    const closed = new Promise((resolve) => child.on('close', resolve));
    await said('stdout', 'job="before"');
    jobs('after');
    child.kill('SIGHUP');
    await said('stdout', 'job="after"');
    file('prometheus.yml', 'scrape_configs: [{job_nam: x}]\n');
    child.kill('SIGHUP');
    await said('stderr', 'the configuration stays as it was: prometheus.yml:1:19');
    await said('stdout', 'job="after"');
    child.kill('SIGINT');
    expect(await closed).toBe(130);
  }, 30_000);

  it('goes on at the interval that is asked for, with targets that come later', async () => {
    const first = await target('a 1\n');
    const second = await target('a 2\n');
    file('targets.json', JSON.stringify([{ targets: [first] }]));
    file('prometheus.yml', 'scrape_configs: [{job_name: j, file_sd_configs: [{files: [targets.json]}]}]\n');
    const args = ['scrape', '--config', 'prometheus.yml', '--interval', '200ms', '-o', 'jsonl'];
    let moved = false;
    const { status, stdout } = await run(args, (soFar) => {
      if (soFar.includes('"a"') && !moved) {
        moved = true;
        file('new.tmp', JSON.stringify([{ targets: [second] }]));
        renameSync(join(dir, 'new.tmp'), join(dir, 'targets.json'));
      }
      return soFar.includes(second);
    });
    expect(status).toBe(130);
    expect(stdout).toContain(second);
  }, 30_000);
});

const CONFIG = `scrape_configs:
- job_name: node
  static_configs:
  - {targets: ['a:1', 'b:1'], labels: {env: dev}}
  - {targets: ['c:1', 'c:1', 'd:1'], labels: {env: prod}}
  relabel_configs:
  - {source_labels: [env, __address__], regex: 'dev;b.*', action: drop}
  - {target_label: zone, replacement: z}
  - {source_labels: [__address__], regex: 'd:1', target_label: __address__, replacement: d/e}
`;

describe('scrape targets', () => {
  it('lists what was discovered, and what became of it', () => {
    const config = file('prometheus.yml', CONFIG);
    const { status, stdout } = tsmon(['scrape', 'targets', '--config', config]);
    expect(stdout.split('\n').map((line) => line.replace(/ {2,}/g, ' | '))).toEqual([
      'JOB | STATE | TARGET | LABELS',
      'node | active | http://a:1/metrics | {env="dev", instance="a:1", job="node", zone="z"}',
      expect.stringMatching(/^node \| dropped \| b:1 \| \{__address__="b:1", .*env="dev", job="node"\}$/),
      'node | active | http://c:1/metrics | {env="prod", instance="c:1", job="node", zone="z"}',
      expect.stringMatching(/^node \| duplicate \| http:\/\/c:1\/metrics/),
      expect.stringMatching(/^node \| faulty \| d:1 \| "d\/e" is not a valid hostname: \{/),
      '',
    ]);
    expect(status).toBe(1);
  });

  it('prints JSON, of those that are asked for', () => {
    const config = file('prometheus.yml', CONFIG);
    const { stdout } = tsmon(['scrape', 'targets', '--config', config, '--active', '-o', 'json']);
    expect(JSON.parse(stdout)).toMatchObject([
      {
        scrapePool: 'node',
        state: 'active',
        url: 'http://a:1/metrics',
        labels: { env: 'dev', instance: 'a:1', job: 'node', zone: 'z' },
        discoveredLabels: { __address__: 'a:1', env: 'dev', __scrape_interval__: '1m' },
        scrapeInterval: 60,
        scrapeTimeout: 10,
      },
      { url: 'http://c:1/metrics' },
    ]);
  });

  it('follows targets through the rules', () => {
    const config = file('prometheus.yml', CONFIG);
    const { stdout } = tsmon(['scrape', 'targets', '--config', config, '--steps']);
    const [a, b] = stdout.split('\n\n');
    expect(a.split('\n').slice(2)).toEqual([
      '  1. drop source_labels=[env, __address__] regex="dev;b.*" (saw "dev;a:1"), no match',
      '  2. replace target_label="zone" replacement="z"',
      '       + zone="z"',
      expect.stringContaining('  3. replace source_labels=[__address__]'),
      '  labels {env="dev", instance="a:1", job="node", zone="z"}',
    ]);
    expect(b.split('\n').slice(2)).toEqual([
      '  1. drop source_labels=[env, __address__] regex="dev;b.*" (saw "dev;b:1")',
      '       dropped',
      '  dropped',
    ]);
  });

  it('prints what changes while it watches', async () => {
    file('targets.json', '[{"targets": ["a:1", "b:1"]}]');
    file('prometheus.yml', 'scrape_configs: [{job_name: j, file_sd_configs: [{files: [targets.json]}]}]\n');
    let changed = false;
    const { status, stdout } = await run(['scrape', 'targets', '--watch'], (soFar) => {
      if (soFar.includes('b:1') && !changed) {
        changed = true;
        file('targets.json', '[{"targets": ["b:1", "c:1"]}]');
      }
      return soFar.includes('c:1');
    });
    expect(status).toBe(130);
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' {')[0]),
    ).toEqual([
      '+ j active http://a:1/metrics',
      '+ j active http://b:1/metrics',
      '- j active http://a:1/metrics',
      '+ j active http://c:1/metrics',
    ]);
  });
});

describe('scrape relabel', () => {
  const RULES = `- {source_labels: [env], regex: dev, action: drop}
- {source_labels: [__address__], regex: '(.*):.*', target_label: host}
- {source_labels: [__name__], regex: 'go_(.+)', target_label: __name__, replacement: 'runtime_$1'}
`;

  it('is a filter for samples, with their times, types and duplicates', () => {
    const rules = file('rules.yml', RULES);
    const input = '# TYPE go_x counter\ngo_x{a="b"} 1 5\ngo_x{env="dev"} 2 5\nup 1\n';
    const { status, stdout } = tsmon(['scrape', 'relabel', '--rules', rules], { input });
    expect(status).toBe(0);
    expect(samples(stdout)).toEqual(['runtime_x{a="b"} 1 5', 'up 1']);
  });

  it('is a filter for targets, as label sets or as groups', () => {
    const rules = file('rules.yml', `relabel_configs:\n${RULES}`);
    const lines = tsmon(['scrape', 'relabel', '--targets', '--rules', rules], {
      input: '{"__address__": "a:1"}\n{"__address__": "b:1", "env": "dev"}\n',
    });
    expect(lines.stdout).toBe('{"__address__":"a:1","host":"a"}\n');
    const groups = tsmon(['scrape', 'relabel', '--targets', '--rules', rules], {
      input: '- targets: [a:1, b:1]\n  labels: {env: prod}\n',
    });
    expect(groups.stdout).toBe(
      '{"__address__":"a:1","env":"prod","host":"a"}\n{"__address__":"b:1","env":"prod","host":"b"}\n',
    );
  });

  it('takes the rules of a job, and what else the job gives to targets', () => {
    const config = file('prometheus.yml', CONFIG);
    const args = ['scrape', 'relabel', '--targets', '--config', config, '--scrape-job', 'node'];
    const { stdout, stderr } = tsmon(args, { input: '{"__address__": "a:1"}\n{"__address__": "x/y"}\n' });
    expect(stdout).toBe('{"instance":"a:1","job":"node","zone":"z"}\n');
    expect(stderr).toBe('warning: {__address__="x/y"}: "x/y" is not a valid hostname\n');
  });

  it('explains itself', () => {
    const rules = file('rules.yml', RULES);
    const { stdout } = tsmon(['scrape', 'relabel', '--explain', '--rules', rules], {
      input: 'go_x{a="b"} 1\n',
    });
    expect(stdout.split('\n').slice(0, 6)).toEqual([
      'go_x{a="b"}',
      '  1. drop source_labels=[env] regex="dev" (saw ""), no match',
      '  2. replace source_labels=[__address__] regex="(.*):.*" target_label="host" (saw ""), no match',
      '  3. replace source_labels=[__name__] regex="go_(.+)" target_label="__name__" replacement="runtime_$1" (saw "go_x")',
      '       ~ __name__="go_x" -> "runtime_x"',
      '  = runtime_x{a="b"}',
    ]);
  });

  it('runs assertions, and says what differs and where', () => {
    file('prometheus.yml', CONFIG);
    const tests = file(
      'tests.yml',
      `config: prometheus.yml
job: node
tests:
- name: b is dropped in dev
  labels: {__address__: 'b:1', env: dev}
  dropped: true
- labels: {__address__: 'a:1'}
  want: {instance: 'a:1', job: node, zone: z}
  url: http://a:1/metrics
- name: wrong
  labels: {__address__: 'a:1'}
  contains: {zone: y}
- labels: {__address__: 'a/b'}
  error: not a valid hostname
`,
    );
    const { status, stdout } = tsmon(['scrape', 'relabel', tests]);
    expect(status).toBe(1);
    expect(stdout).toBe(
      `✗ ${tests}:10 wrong\n    label zone differs\n    - zone: "y"\n    + zone: "z"\n\n✗ ${tests}: 1 failed, 3 passed\n`,
    );
  });

  it('runs assertions about samples, and about rules by themselves', () => {
    const tests = file(
      'tests.yml',
      `rules: [{source_labels: [__name__], regex: 'go_.*', action: drop}]
tests:
- {series: 'go_x{a="b"}', dropped: true}
- {series: 'up{a="b"}', want: {__name__: up, a: b}}
`,
    );
    const { status, stdout } = tsmon(['scrape', 'relabel', tests, '--output', 'tap']);
    expect(status).toBe(0);
    expect(stdout).toContain('ok 2');
    expect(stdout).not.toContain('not ok');
  });

  it.each([
    ['tests: [{labels: {a: b}, dropped: true}]', 'there must be either rules, or config and job'],
    ['rules: []\ntests: [{dropped: true}]', 'a test needs either labels or a series'],
    ['rules: []\ntests: [{labels: {a: b}}]', 'the test says nothing of what must come out'],
    ['rules: []\ntests: [{series: "a{", dropped: true}]', 'a{ is not a series'],
    ['rules: []\ntests: [{lables: {}}]', 'field lables not found in type test (did you mean labels?)'],
    ['rules: [{action: x}]', 'unknown relabel action "x"'],
    ['rules: []\nkind: all', 'kind must be targets or metrics, not "all"'],
  ])('refuses %j', (text, message) => {
    const { status, stderr } = tsmon(['scrape', 'relabel', file('tests.yml', text)]);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });

  it('asks whose rules', () => {
    const { status, stderr } = tsmon(['scrape', 'relabel'], { input: 'a 1\n' });
    expect(status).toBe(2);
    expect(stderr).toContain('whose rules? Give --rules FILE, or --scrape-job NAME of a --config');
  });
});
