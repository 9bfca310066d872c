/** What the server is: how it was started, what it runs with, what its storage has most of. */
import { ask } from '../api.ts';
import { h, table } from '../dom.ts';

interface Count {
  name: string;
  value: number;
}

interface TsdbStatus {
  headStats: Record<string, number>;
  seriesCountByMetricName: Count[];
  labelValueCountByLabelName: Count[];
  memoryInBytesByLabelName: Count[];
  seriesCountByLabelValuePair: Count[];
}

export async function statusPage(main: HTMLElement): Promise<void> {
  const [runtime, build, tsdb, flags, config, managers] = await Promise.all([
    ask<Record<string, string | number | boolean>>('status/runtimeinfo'),
    ask<Record<string, string>>('status/buildinfo'),
    ask<TsdbStatus>('status/tsdb'),
    ask<Record<string, string>>('status/flags'),
    ask<{ yaml: string }>('status/config'),
    ask<Record<string, { url: string }[]>>('alertmanagers'),
  ]);
  const { headStats, ...counts } = tsdb.data;
  main.append(
    section('Runtime', pairs({ version: build.data['version'], ...plain(runtime.data) })),
    section(
      'Alertmanagers',
      pairs(
        Object.fromEntries(
          Object.entries(managers.data).flatMap(([kind, list]) =>
            list.map(({ url }) => [url, kind.startsWith('active') ? 'active' : 'dropped']),
          ),
        ),
      ),
      'alertmanager-discovery',
    ),
    section('Newest samples (head)', pairs(times(headStats)), 'tsdb-status'),
    h('h2', {}, 'What there is most of'),
    h(
      'div',
      { class: 'columns' },
      ranking('Series by metric', counts.seriesCountByMetricName),
      ranking('Values by label', counts.labelValueCountByLabelName),
      ranking('Bytes by label', counts.memoryInBytesByLabelName),
      ranking('Series by label pair', counts.seriesCountByLabelValuePair),
    ),
    section('Configuration', h('pre', {}, config.data.yaml), 'config'),
    section('Flags', pairs(flags.data), 'flags'),
  );
  // Prometheus' page has pages of their own for these.
  const named = location.pathname.split('/').at(-1) ?? '';
  if (named !== '') document.getElementById(named)?.scrollIntoView();
}

function section(title: string, content: HTMLElement, id?: string): HTMLElement {
  return h('section', { id }, h('h2', {}, title), content);
}

/** Without what only Go has. */
function plain(runtime: Record<string, string | number | boolean>) {
  return Object.fromEntries(Object.entries(runtime).filter(([name]) => !/^go/i.test(name)));
}

function times({ minTime, maxTime, ...counts }: Record<string, number>) {
  const shown = (t: number) => (Math.abs(t) < 8.64e15 ? new Date(t).toISOString() : '');
  return { ...counts, minTime: shown(minTime), maxTime: shown(maxTime) };
}

function pairs(values: Record<string, string | number | boolean>): HTMLElement {
  const rows = Object.entries(values).filter(([, value]) => value !== '');
  return table(
    ['', ''],
    rows.map(([name, value]) => [name, String(value)]),
  );
}

function ranking(title: string, counts: readonly Count[]): HTMLElement {
  return h(
    'div',
    {},
    h('h3', {}, title),
    table(
      ['', ''],
      counts.map(({ name, value }) => [name, value.toLocaleString()]),
    ),
  );
}
