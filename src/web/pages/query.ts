/** An expression, and what it yields: now as a table, or over time as a graph. The address of the page has all of it. */
import { type Answer, ask, type InstantSeries, type QueryData, seriesName } from '../api.ts';
import { Completion } from '../completion.ts';
import { h, problem, table } from '../dom.ts';
import { drawGraph, type Graph } from '../graph.ts';
import { formatDuration, parseDuration } from '../time.ts';

const MAX_ROWS = 1000;
/** As many points as there are about pixels. */
const POINTS = 300;

export function queryPage(main: HTMLElement): () => void {
  const params = new URLSearchParams(location.search);
  const input = h('textarea', {
    rows: 2,
    spellcheck: 'false',
    autocapitalize: 'off',
    placeholder: 'PromQL, for example up or rate(node_cpu_seconds_total[5m])',
    'aria-label': 'Expression',
  });
  input.value = params.get('g0.expr') ?? '';
  const completion = new Completion(input);
  const rangeInput = h('input', { size: 5, 'aria-label': 'Range' });
  rangeInput.value = params.get('g0.range_input') ?? '1h';
  const endInput = h('input', { type: 'datetime-local', step: 1, 'aria-label': 'Until' });
  endInput.value = params.get('g0.end_input')?.replace(' ', 'T') ?? '';
  const output = h('div', { class: 'output', 'aria-live': 'polite' });
  let tab = params.get('g0.tab') === '0' || params.get('g0.tab') === 'graph' ? 'graph' : 'table';
  let graph: Graph | undefined;
  let running: AbortController | undefined;

  const tabs = ['table', 'graph'].map((name) =>
    h(
      'button',
      { type: 'button', class: 'tab', onclick: () => choose(name) },
      name === 'table' ? 'Table' : 'Graph',
    ),
  );

  function choose(name: string): void {
    tab = name;
    void run();
  }

  async function run(): Promise<void> {
    for (const [i, name] of ['table', 'graph'].entries())
      tabs[i].setAttribute('aria-pressed', String(name === tab));
    completion.close();
    remember();
    running?.abort();
    graph?.destroy();
    graph = undefined;
    const query = input.value.trim();
    if (query === '') {
      output.replaceChildren();
      return;
    }
    running = new AbortController();
    const { signal } = running;
    output.classList.add('busy');
    const began = performance.now();
    try {
      if (tab === 'table') await runInstant(query, signal, began);
      else await runRange(query, signal, began);
    } catch (error) {
      if (!signal.aborted) output.replaceChildren(problem(error));
    } finally {
      if (!signal.aborted) output.classList.remove('busy');
    }
  }

  function end(): number {
    return endInput.value === '' ? Date.now() / 1000 : Date.parse(endInput.value) / 1000;
  }

  async function runInstant(query: string, signal: AbortSignal, began: number): Promise<void> {
    const answer = await ask<QueryData>('query', { query, time: String(end()) }, signal);
    output.replaceChildren(...remarks(answer), instantTable(answer.data), cost(answer, began));
  }

  async function runRange(query: string, signal: AbortSignal, began: number): Promise<void> {
    const rangeMs = parseDuration(rangeInput.value);
    if (!(rangeMs > 0)) throw new Error(`"${rangeInput.value}" is not a duration: write 30m, 6h or 2d`);
    const step = Math.max(1, Math.ceil(rangeMs / 1000 / POINTS));
    const until = Math.floor(end() / step) * step;
    const range = { start: until - Math.floor(rangeMs / 1000 / step) * step, end: until, step };
    const answer = await ask<QueryData>(
      'query_range',
      { query, start: String(range.start), end: String(range.end), step: String(step) },
      signal,
    );
    const box = h('div', { class: 'graph' });
    output.replaceChildren(...remarks(answer), box, cost(answer, began));
    const result = answer.data.resultType === 'matrix' ? answer.data.result : [];
    if (result.length === 0) {
      box.append(h('p', {}, 'Nothing in this time.'));
      return;
    }
    if (result.every(({ values }) => values === undefined)) {
      const text =
        'These are histograms: histogram_quantile, histogram_count and their like make numbers of them.';
      box.append(h('p', {}, text));
      return;
    }
    graph = drawGraph(box, result, range, (from, to) => {
      rangeInput.value = formatDuration(Math.max(10, Math.round(to - from)) * 1000);
      endInput.value = localInput(to);
      void run();
    });
    if (graph.omitted > 0) box.append(h('p', {}, `${graph.omitted} more series are not drawn.`));
  }

  /** In the names that Prometheus' own page has for them, so that links work with either. */
  function remember(): void {
    const state = new URLSearchParams({
      'g0.expr': input.value,
      'g0.tab': tab,
      'g0.range_input': rangeInput.value,
    });
    if (endInput.value !== '') state.set('g0.end_input', endInput.value.replace('T', ' '));
    history.replaceState(null, '', `${location.pathname}?${state}`);
  }

  function shift(by: number): void {
    const rangeMs = parseDuration(rangeInput.value);
    if (rangeMs > 0) endInput.value = localInput(end() + (by * rangeMs) / 2000);
    void run();
  }

  function scale(by: number): void {
    const rangeMs = parseDuration(rangeInput.value);
    if (rangeMs > 0)
      rangeInput.value = formatDuration(Math.max(10_000, Math.round((rangeMs * by) / 1000) * 1000));
    void run();
  }

  const button = (text: string, title: string, onclick: () => void) =>
    h('button', { type: 'button', title, onclick }, text);
  input.addEventListener('keydown', (event) => {
    if (completion.key(event)) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      void run();
    }
  });
  for (const field of [rangeInput, endInput]) field.addEventListener('change', () => void run());
  main.append(
    h(
      'form',
      {
        class: 'query',
        onsubmit: (event: Event) => {
          event.preventDefault();
          void run();
        },
      },
      h('div', { class: 'expression' }, input, completion.list),
      h('button', { type: 'submit', class: 'primary' }, 'Execute'),
    ),
    h(
      'div',
      { class: 'controls' },
      ...tabs,
      h('span', { class: 'gap' }),
      button('−', 'A shorter time', () => scale(0.5)),
      rangeInput,
      button('+', 'A longer time', () => scale(2)),
      button('‹', 'Earlier', () => shift(-1)),
      endInput,
      button('›', 'Later', () => shift(1)),
      button('now', 'Up to now', () => {
        endInput.value = '';
        void run();
      }),
    ),
    output,
  );
  input.focus();
  void run();
  return () => {
    running?.abort();
    graph?.destroy();
  };
}

function remarks({ warnings, infos }: Answer<QueryData>): HTMLElement[] {
  return [
    ...warnings.map((text) => h('p', { class: 'warning' }, text)),
    ...infos.map((text) => h('p', { class: 'info' }, text)),
  ];
}

function cost({ data }: Answer<QueryData>, began: number): HTMLElement {
  const many = data.resultType === 'vector' || data.resultType === 'matrix';
  const what = many ? `${data.result.length} series, ` : '';
  return h('p', { class: 'cost' }, `${what}${Math.round(performance.now() - began)} ms`);
}

function instantTable(data: QueryData): HTMLElement {
  if (data.resultType === 'scalar' || data.resultType === 'string')
    return table([data.resultType, 'Value'], [['', data.result[1]]]);
  const { result } = data;
  if (result.length === 0) return h('p', {}, 'Nothing matches at this time.');
  const rows = (result as InstantSeries[])
    .slice(0, MAX_ROWS)
    .map((series) => [name(series), sampleOf(series)]);
  const rest = result.length - rows.length;
  return h(
    'div',
    {},
    table(['Series', 'Value'], rows),
    rest > 0 && h('p', {}, `${rest} more series are not shown.`),
  );
}

function name({ metric }: InstantSeries): HTMLElement {
  return h('code', {}, seriesName(metric));
}

function sampleOf(series: InstantSeries & { values?: [number, string][] }): string | HTMLElement {
  if (series.value !== undefined) return series.value[1];
  if (series.histogram !== undefined) {
    const { count, sum, buckets = [] } = series.histogram[1];
    return h(
      'details',
      {},
      h('summary', {}, `count ${count}, sum ${sum}`),
      ...buckets.map(([bounds, lower, upper, n]) =>
        h(
          'div',
          {},
          `${bounds === 1 || bounds === 3 ? '[' : '('}${lower}, ${upper}${bounds === 0 || bounds === 3 ? ']' : ')'} ${n}`,
        ),
      ),
    );
  }
  return h('span', {}, ...(series.values ?? []).flatMap(([t, v]) => [`${v} @${t}`, h('br')]));
}

function localInput(at: number): string {
  const date = new Date(at * 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
