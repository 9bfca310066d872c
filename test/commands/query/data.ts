/** A small input for the tests of `tsmon query`: two jobs, a counter that is reset, a gauge, native histograms. */

/** Time of the first sample, ms. */
export const START = Date.UTC(2026, 0, 1);
export const STEP = 15_000;
export const STEPS = 41;
/** Time of the last sample. */
export const END = START + (STEPS - 1) * STEP;

/** Prometheus text with a sample every 15 seconds for ten minutes. */
export function textData(): string {
  const lines = [
    '# TYPE requests_total counter',
    '# HELP requests_total Requests that were served.',
    '# TYPE load gauge',
  ];
  for (let i = 0; i < STEPS; i++) {
    const t = START + i * STEP;
    lines.push(`requests_total{job="api",instance="a"} ${i * 30} ${t}`);
    lines.push(`requests_total{job="api",instance="b"} ${(i % 20) * 15} ${t}`);
    lines.push(`load{job="node",instance="c"} ${Math.abs(20 - i) / 10} ${t}`);
    lines.push(
      `up{job="api",instance="a"} 1 ${t}`,
      `up{job="api",instance="b"} ${i === STEPS - 1 ? 0 : 1} ${t}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** The same series in JSON Lines: one native histogram with two samples, and an exemplar. */
export function histogramData(): string {
  const bucket = (n: number) =>
    `{"schema":0,"count":${4 * n},"sum":${6 * n},"zero_threshold":0.001,"zero_count":${n},"positive_spans":[[0,2]],"positive_buckets":[${n},${2 * n}]}`;
  return [
    `{"metric":{"__name__":"latency","job":"api"},"histograms":[${bucket(1)},${bucket(2)}],"timestamps":[${END - STEP},${END}],"type":"histogram"}`,
    `{"metric":{"__name__":"calls_total","job":"api"},"values":[7],"timestamps":[${END}],"exemplars":[{"row":0,"labels":{"trace_id":"abc"},"value":0.5,"timestamp":${END - 1}}],"type":"counter","help":"Calls."}`,
    '',
  ].join('\n');
}
