/** The live view's worker: opens the sources and does the jobs that it is sent, one after another. */
import { parentPort, workerData } from 'node:worker_threads';
import { InputError } from '../../core/errors.ts';
import { METRIC_NAME } from '../../core/model/labels.ts';
import { Matcher } from '../../core/model/matcher.ts';
import { MAX_TIMESTAMP, MIN_TIMESTAMP } from '../../core/model/timestamp.ts';
import { QueryCanceled } from '../../core/promql/index.ts';
import { mergeSources } from '../../core/source/merge.ts';
import { metadataByFamily } from '../../core/source/metadata-families.ts';
import type { Source } from '../../core/source/source.ts';
import { engineOptions } from '../engine-options.ts';
import { queryFaultText } from '../query-failure.ts';
import { runQuery } from '../query-run.ts';
import { type OpenedSources, openForQueries } from '../sources.ts';
import {
  type Job,
  type MetricEntry,
  noteOfRest,
  type Reply,
  sent,
  type WorkerSettings,
  type Yield,
} from './protocol.ts';

const settings = workerData as WorkerSettings;
const options = { ...engineOptions(settings.flags), cancelFlag: settings.cancelFlag };
const ALWAYS = { mint: MIN_TIMESTAMP, maxt: MAX_TIMESTAMP };

/** Standard input can be read only once, and servers keep their connections. */
const kept = new Map<string, OpenedSources>();

parentPort!.on('message', (job: Job) => {
  perform(job).then(
    (result) => reply({ ok: true, result }),
    (error: unknown) => reply({ ok: false, error: faultText(error, job) }),
  );
});

function reply(message: Reply): void {
  parentPort!.postMessage(message);
}

function faultText(error: unknown, job: Job): string | undefined {
  if (error instanceof QueryCanceled) return undefined;
  const text = job.kind === 'query' ? queryFaultText(error, job.query) : undefined;
  if (text !== undefined) return text;
  return error instanceof InputError ? error.message : String((error as Error).message ?? error);
}

/** A directory is opened anew for each job, to see what has been written since. */
async function perform(job: Job): Promise<Yield[Job['kind']]> {
  const opened = await Promise.all(settings.from.map(open));
  const all =
    opened.length === 1
      ? opened[0]
      : { source: mergeSources(opened.map(({ source }) => source)), server: undefined };
  try {
    return await answer(job, all);
  } finally {
    for (const [i, name] of settings.from.entries()) if (!kept.has(name)) await opened[i].source.close();
  }
}

async function open(name: string): Promise<OpenedSources> {
  const known = kept.get(name);
  if (known !== undefined) return known;
  const opened = await openForQueries([name], {
    // What is damaged stays so; the view is no place to say it every few seconds.
    onDamage: () => {},
    http: settings.flags,
    timeoutMs: options.timeoutMs,
  });
  if (name === '-' || opened.server !== undefined) kept.set(name, opened);
  return opened;
}

async function answer(job: Job, opened: OpenedSources): Promise<Yield[Job['kind']]> {
  const { source } = opened;
  switch (job.kind) {
    case 'query': {
      const started = performance.now();
      const { value, warnings, infos } = await runQuery(
        opened,
        job.query,
        job.times,
        options,
        settings.flags,
      );
      const tookMs = performance.now() - started;
      return { value: sent(value), warnings: [...warnings], infos: [...infos, ...noteOfRest(value)], tookMs };
    }
    case 'metrics':
      return metrics(source);
    case 'labels':
      return source.labelNames(ofMetric(job.metric), ALWAYS);
    case 'values':
      return source.labelValues(job.label, ofMetric(job.metric), ALWAYS);
    case 'latest':
      return (await source.extent())?.maxt;
  }
}

function ofMetric(metric: string): Matcher[] {
  return metric === '' ? [] : [new Matcher('=', METRIC_NAME, metric)];
}

async function metrics(source: Source): Promise<MetricEntry[]> {
  const names = await source.labelValues(METRIC_NAME, [], ALWAYS);
  const own = await source.metadata();
  const families = metadataByFamily(own);
  return names.map((name) => {
    const family = name.replace(/_(?:bucket|sum|count|total)$/, '');
    const [known] = own.get(name) ?? families.get(family) ?? [];
    return { name, type: known?.type ?? '', help: known?.help ?? '' };
  });
}
