/**
 * `/federate`: the newest samples of chosen series in an exposition format, for another server to scrape.
 * See https://prometheus.io/docs/prometheus/latest/federation/
 */
import type { Clock } from '../clock.ts';
import { InputError } from '../errors.ts';
import { createWriter, negotiate, WRITE_PIECE } from '../exposition/index.ts';
import type { Family } from '../exposition/series-table.ts';
import type { Registry } from '../instrument/index.ts';
import { SampleColumns } from '../model/columns.ts';
import { compareStrings, Labels, METRIC_NAME } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import { isStale } from '../model/value.ts';
import { parseSelector } from '../promql/parser/index.ts';
import type { SeriesSet, Source } from '../source/source.ts';
import { mergeSeriesSets } from '../tsdb/block/index.ts';
import { runStepsWithPauses } from '../tsdb/compaction/index.ts';
import { withExternal } from './external-labels.ts';
import type { Router } from './http/router.ts';

/** Series between two chances for others to work. */
const STEP_SERIES = 2000;

export interface FederateOptions {
  source: () => Source;
  clock: Clock;
  lookbackMs: number;
  externalLabels: () => Labels;
  registry: Registry;
}

export function addFederateRoute(router: Router, options: FederateOptions): void {
  const { registry } = options;
  const errors = registry.counter(
    'prometheus_web_federation_errors_total',
    'Total number of errors that occurred while sending federation responses.',
  );
  // What would be a warning there is said in the log here.
  registry.counter(
    'prometheus_web_federation_warnings_total',
    'Total number of warnings that occurred while sending federation responses.',
  );
  router.add('GET', '/federate', async (request, reply) => {
    const form = request.query;
    if (form.fault !== undefined) {
      reply.fault(400, `error parsing form values: ${form.fault}`);
      return;
    }
    const selectors: Matcher[][] = [];
    try {
      for (const text of form.all('match[]')) selectors.push(parseSelector(text));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      reply.fault(400, error.message);
      return;
    }
    const maxt = options.clock.now();
    const mint = maxt - options.lookbackMs + 1;
    const source = options.source();
    try {
      const sets: SeriesSet[] = [];
      for (const matchers of selectors) {
        // `{}` is a selector here, but of nothing: a server is not copied by a slip of the hand.
        if (matchers.length === 0) continue;
        sets.push(await source.select(matchers, { mint, maxt, newestOnly: true }));
      }
      const wanted = negotiate(request.header('accept'));
      // OpenMetrics has no samples without a type, and Prometheus does not federate in it.
      const { format, escaping, contentType } =
        wanted.format === 'openmetrics' ? negotiate(`text/plain;escaping=${wanted.escaping}`) : wanted;
      const writer = createWriter(format, { escaping });
      const set = sets.length === 1 ? sets[0] : mergeSeriesSets(sets);
      const order = await runStepsWithPauses(byName(set));
      const pieces = newest(set, order, mint, maxt, options.externalLabels(), writer);
      await reply.stream(200, contentType, pieces);
    } catch (error) {
      errors.inc();
      throw error;
    } finally {
      await source.close();
    }
  });
}

function* newest(
  set: SeriesSet,
  order: readonly number[],
  mint: number,
  maxt: number,
  external: Labels,
  writer: ReturnType<typeof createWriter>,
): Generator<Uint8Array, void> {
  const columns = new SampleColumns();
  let family = undefined as Family | undefined;
  for (const i of order) {
    columns.clear();
    set.read(i, columns);
    const { t, v, histograms } = columns;
    let last = columns.length - 1;
    while (last >= 0 && t[last] > maxt) last--;
    if (last < 0 || t[last] < mint) continue;
    const h = histograms?.[last] ?? null;
    if (h === null ? isStale(v, last) : h.stale) continue;
    const labels = set.labels(i);
    const name = labels.get(METRIC_NAME);
    if (name === '') continue;
    if (family?.name !== name) family = { name, type: 'unknown', help: '', unit: '' };
    writer.family(family);
    const full = withInstance(withExternal(labels, external));
    if (h === null) writer.sample(full, t[last], v, last);
    else writer.histogram(full, t[last], h);
    if (writer.buffered >= WRITE_PIECE) yield writer.take().slice();
  }
  writer.end();
  yield writer.take().slice();
}

/** Series of one name together, in steps: labels may come before the name in a set's order. */
function* byName(set: SeriesSet): Generator<void, number[]> {
  const groups = new Map<string, number[]>();
  for (let i = 0; i < set.length; i++) {
    const name = set.labels(i).get(METRIC_NAME);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [i]);
    else group.push(i);
    if (i % STEP_SERIES === STEP_SERIES - 1) yield;
  }
  return [...groups.keys()].sort(compareStrings).flatMap((name) => groups.get(name)!);
}

/**
 * A series without this label says so: whoever honours labels would otherwise give it our own address. No label set has an
 * empty value; this one is only written.
 */
function withInstance(labels: Labels): Labels {
  if (labels.has('instance')) return labels;
  return new Labels([...labels.names, 'instance'], [...labels.values, '']);
}
