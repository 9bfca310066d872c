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
  const [runtime, build, tsdb, flags, config] = await Promise.all([
    ask<Record<string, string | number | boolean>>('status/runtimeinfo'),
    ask<Record<string, string>>('status/buildinfo'),
    ask<TsdbStatus>('status/tsdb'),
    ask<Record<string, string>>('status/flags'),
    ask<{ yaml: string }>('status/config'),
  ]);
  const { headStats, ...counts } = tsdb.data;
  main.append(
    section('Runtime', pairs({ version: build.data['version'], ...runtime.data })),
    section('Newest samples (head)', pairs(headStats)),
    h('h2', {}, 'What there is most of'),
    h(
      'div',
      { class: 'columns' },
      ranking('Series by metric', counts.seriesCountByMetricName),
      ranking('Values by label', counts.labelValueCountByLabelName),
      ranking('Bytes by label', counts.memoryInBytesByLabelName),
      ranking('Series by label pair', counts.seriesCountByLabelValuePair),
    ),
    section('Configuration', h('pre', {}, config.data.yaml)),
    section('Flags', pairs(flags.data)),
  );
}

function section(title: string, content: HTMLElement): HTMLElement {
  return h('section', {}, h('h2', {}, title), content);
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
