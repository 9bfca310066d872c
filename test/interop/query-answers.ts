/** Answers of two query engines, in the shape of the HTTP API, compared as far as they are bound to agree. */

export interface Answer {
  error?: string;
  data?: ApiData;
  /** Warnings and infos, sorted. */
  annotations?: string[];
}

interface ApiData {
  resultType: string;
  result: unknown;
}

interface ApiSeries {
  metric: Record<string, string>;
  value?: [number, string];
  values?: [number, string][];
  histogram?: [number, ApiHistogram];
  histograms?: [number, ApiHistogram][];
}

interface ApiHistogram {
  count: string;
  sum: string;
  buckets?: [number, string, string, string][];
}

const TOLERANCE = 1e-12;

export function fromReal(body: unknown): Answer {
  const { status, error, data, warnings, infos } = body as {
    status: string;
    error?: string;
    data?: ApiData;
    warnings?: string[];
    infos?: string[];
  };
  if (status === 'error') return { error: newerWording(error!) };
  return { data: data!, annotations: [...(warnings ?? []), ...(infos ?? [])].sort() };
}

/** An error of Prometheus 3.5 as 3.14 words it, and as the engine does before the HTTP API adds what it is about. */
function newerWording(error: string): string {
  return error
    .replace(/^invalid parameter "query": /, '')
    .replace(
      /: \[(\{.*\}), (\{.*\})\];many-to-many/,
      (_, a, b) => `: [${[a, b].sort().join(', ')}];many-to-many`,
    )
    .replace(/^Ratio value NaN is NaN$/, 'Ratio value is NaN')
    .replace(/^Scalar value NaN overflows int64$/, 'Parameter value is NaN');
}

/** Annotations that only 3.14 has; in it a histogram becomes a gauge when it is negated. */
const NEWER_ANNOTATIONS = [/: sort is ineffective for range queries/, /is not a counter: "" /];

/** Which of several pairs of duplicates is named depends on the order of Go's maps where aggregations made them. */
function sameError(query: string, ours: string | undefined, answer: Answer): boolean {
  const real = answer.error;
  const unnamed = (text: string | undefined) => text?.replace(/group \{.*?\} on |: \[\{.*\}\];/g, '');
  if (unnamed(ours) === unnamed(real)) return true;
  // A string in parentheses makes Prometheus stumble over its own preparation.
  if (real?.startsWith('unexpected result in StepInvariantExpr')) return true;
  // Since 3.14 series that range functions, unary minus and label functions make equal are one where they do not meet.
  if (ours === undefined && real === 'vector cannot contain metrics with the same labelset') return true;
  // Go's conversion of a float beyond 63 bits yields some duration, which is not defined.
  if (/duration is out of range/.test(ours ?? '')) return true;
  // Since 3.14 series that a comparison would filter out are part of an ambiguous match all the same, and parameters
  // are wrong even where there is nothing to count.
  if (/^multiple matches for labels/.test(ours ?? '')) {
    return (
      /[<>=]/.test(query) || !!answer.annotations?.some((text) => text.includes('incompatible sample types'))
    );
  }
  return real === undefined && /^(Parameter|Scalar|Ratio) value/.test(ours!);
}

/** What differs, or null. */
export function differences(query: string, ours: Answer, real: Answer): string | null {
  if (ours.error !== undefined || real.error !== undefined) {
    return sameError(query, ours.error, real)
      ? null
      : `ours: ${ours.error ?? 'a result'}\n  real: ${real.error ?? 'a result'}`;
  }
  if (lacksCustomBounds(query, real)) return null;
  const data = compareData(query, ours.data!, real.data!);
  if (data !== null) return data;
  // The API leaves out all but ten; which ten depends on the order of Go's maps.
  if (real.annotations!.some((text) => /more (warning|info) annotations? omitted/.test(text))) return null;
  const known = ours
    .annotations!.filter(
      (text) => real.annotations!.includes(text) || !NEWER_ANNOTATIONS.some((newer) => newer.test(text)),
    )
    // 3.14 also says what was not monotonic, and where.
    .map((text) => text.replace(/, from buckets .*Z(?= \(\d+:\d+\)$)/, ''));
  const [mine, theirs] = [known, real.annotations!].map((texts) =>
    texts.map((text) => rounded(withoutNewerPlace(text))).join('\n'),
  );
  return mine === theirs ? null : `annotations\n  ours: ${mine}\n  real: ${theirs}`;
}

/** 3.5 does not read custom bounds where only count and sum are wanted, and then finds that they do not agree. */
function lacksCustomBounds(query: string, { annotations }: Answer): boolean {
  return (
    /\bhistogram_(count|sum|avg)\(.*\b(custom|__name__)\b/.test(query) &&
    annotations!.some((text) => text.includes('incompatible bucket layout encountered for binary operator'))
  );
}

/** It is the histograms that have NaN observations, and 3.5 points at the quantile. */
function withoutNewerPlace(annotation: string): string {
  return annotation.replace(/(has NaN observations, .*) \(\d+:\d+\)$/, '$1');
}

function compareData(query: string, ours: ApiData, real: ApiData): string | null {
  if (ours.resultType !== real.resultType) return `type ${ours.resultType}, real ${real.resultType}`;
  if (ours.resultType === 'scalar' || ours.resultType === 'string') {
    const [mine, theirs] = [ours.result as [number, string], real.result as [number, string]];
    return mine[0] === theirs[0] && close(mine[1], theirs[1]) ? null : `${mine}, real ${theirs}`;
  }
  const mine = ours.result as ApiSeries[];
  const theirs = real.result as ApiSeries[];
  // Only the sorting functions give an instant query's result an order, and none to equal values.
  if (/^\s*sort/.test(query)) {
    const [order, realOrder] = [mine, theirs].map((list) => list.map((series) => series.value?.[1]));
    if (!order.every((v, i) => close(String(v), String(realOrder[i]))))
      return `order ${order}\n  real ${realOrder}`;
  }
  for (const list of [mine, theirs]) list.sort((a, b) => (key(a) < key(b) ? -1 : 1));
  if (mine.map(key).join() !== theirs.map(key).join()) {
    return `series\n  ours: ${mine.map(key)}\n  real: ${theirs.map(key)}`;
  }
  for (let i = 0; i < mine.length; i++) {
    const difference = compareSeries(mine[i], theirs[i]);
    if (difference !== null) return `${key(mine[i])}: ${difference}`;
  }
  return null;
}

/** The labels. Numbers that `count_values` has made labels of are rounded: their last digits may differ like any other. */
function key(series: ApiSeries): string {
  const labels = Object.entries(series.metric).map(([name, value]) => [
    name,
    name === 'value' ? rounded(value) : value,
  ]);
  return JSON.stringify(labels.sort());
}

function compareSeries(ours: ApiSeries, real: ApiSeries): string | null {
  const mine = ours.values ?? (ours.value ? [ours.value] : []);
  const theirs = real.values ?? (real.value ? [real.value] : []);
  if (mine.length !== theirs.length) return `${mine.length} values, real ${theirs.length}`;
  for (let i = 0; i < mine.length; i++) {
    if (mine[i][0] !== theirs[i][0] || !close(mine[i][1], theirs[i][1]))
      return `${mine[i]}, real ${theirs[i]}`;
  }
  const myHistograms = ours.histograms ?? (ours.histogram ? [ours.histogram] : []);
  const theirHistograms = real.histograms ?? (real.histogram ? [real.histogram] : []);
  if (myHistograms.length !== theirHistograms.length) {
    return `${myHistograms.length} histograms, real ${theirHistograms.length}`;
  }
  for (let i = 0; i < myHistograms.length; i++) {
    if (
      myHistograms[i][0] !== theirHistograms[i][0] ||
      !sameHistogram(myHistograms[i][1], theirHistograms[i][1])
    ) {
      return `${JSON.stringify(myHistograms[i])}\n  real ${JSON.stringify(theirHistograms[i])}`;
    }
  }
  return null;
}

function sameHistogram(a: ApiHistogram, b: ApiHistogram): boolean {
  const [mine, theirs] = [a.buckets ?? [], b.buckets ?? []];
  return (
    close(a.count, b.count) &&
    close(a.sum, b.sum) &&
    mine.length === theirs.length &&
    mine.every(
      (bucket, i) =>
        bucket[0] === theirs[i][0] &&
        bucket.slice(1).every((v, j) => close(String(v), String(theirs[i][j + 1]))),
    )
  );
}

/** With the long numbers in a text cut to the digits that are bound to agree. */
function rounded(text: string): string {
  return text.replace(/\d+\.\d{6,}(e[+-]?\d+)?/g, (number) => String(Number(Number(number).toPrecision(8))));
}

function close(a: string, b: string): boolean {
  if (a === b) return true;
  // Go's Sinh and Cosh overflow before their result does.
  if (/^[+-]Inf$/.test(b) && Math.abs(Number(a)) > 1e307) return true;
  const [x, y] = [Number(a), Number(b)];
  return Math.abs(x - y) <= TOLERANCE * Math.max(Math.abs(x), Math.abs(y));
}
