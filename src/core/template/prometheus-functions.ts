/**
 * The functions that Prometheus adds to Go's templates
 * (https://prometheus.io/docs/prometheus/latest/configuration/template_reference/).
 */
import { isIPv4, isIPv6 } from 'node:net';
import { InputError } from '../errors.ts';
import { parseDuration } from '../model/duration.ts';
import { compareStrings } from '../model/labels.ts';
import { formatG, goFloatError, parseGoFloat } from '../model/number.ts';
import { Search } from '../regex/index.ts';
import { queryEscape } from './escape.ts';
import { CallError, type FunctionTable, NilPointerError, type TemplateFunction } from './function.ts';
import { humanize, humanize1024, humanizeDuration, short } from './humanize.ts';
import { lowerCase, titleCase, upperCase } from './letter-case.ts';
import { sprintf } from './sprintf.ts';
import { GoDuration, GoHtml, GoInt, GoMap, GoStruct, GoTime, type GoValue, typeName } from './value.ts';

export interface PrometheusContext {
  /** Milliseconds since the epoch: what `now` says, and when queries are evaluated. */
  nowMs: number;
  externalUrl: string;
  /** The samples of an instant query, as the template's `query` gives them out. Throws CallError. */
  query(expr: string): GoValue;
}

/** A sample as a template sees it. */
export function sampleStruct(labels: Iterable<readonly [string, string]>, value: GoValue): GoStruct {
  const fields = { Labels: new GoMap(new Map(labels), 'string'), Value: value };
  return new GoStruct('template.sample', fields, { isPointer: true, anyFields: ['Value'] });
}

const text = (call: (text: string) => GoValue): TemplateFunction => ({
  parameters: ['string'],
  call: (value) => call(value as string),
});

const number = (call: (value: number) => GoValue): TemplateFunction => ({
  parameters: ['any'],
  call: (value) => call(toFloat(value)),
});

/** Those that need nothing but their arguments. */
export const PURE_FUNCTIONS: FunctionTable = new Map<string, TemplateFunction>([
  ['first', { parameters: ['results'], call: first }],
  ['label', { parameters: ['string', 'sample'], call: (name, of) => labelOf(of, name as string) }],
  ['value', { parameters: ['sample'], call: (of) => sampleOf(of).fields.get('Value') }],
  ['strvalue', { parameters: ['sample'], call: (of) => labelOf(of, '__value__') }],
  ['args', { parameters: [], variadic: 'any', call: args }],
  ['reReplaceAll', { parameters: ['string', 'string', 'string'], call: replaceAll }],
  ['match', { parameters: ['string', 'string'], call: (pattern, of) => search(pattern).test(of as string) }],
  ['safeHtml', text((html) => new GoHtml(html))],
  ['title', text(titleCase)],
  ['toUpper', text(upperCase)],
  ['toLower', text(lowerCase)],
  ['graphLink', text((expr) => `/graph?g0.expr=${queryEscape(expr)}&g0.tab=0`)],
  ['tableLink', text((expr) => `/graph?g0.expr=${queryEscape(expr)}&g0.tab=1`)],
  ['urlQueryEscape', text(queryEscape)],
  ['sortByLabel', { parameters: ['string', 'results'], call: sortByLabel }],
  ['stripPort', text(stripPort)],
  ['stripDomain', text(stripDomain)],
  ['humanize', number(humanize)],
  ['humanize1024', number(humanize1024)],
  ['humanizeDuration', number(humanizeDuration)],
  ['humanizePercentage', number((v) => `${short(v * 100)}%`)],
  ['humanizeTimestamp', number((v) => (Number.isFinite(v) ? timeOf(v).toString() : short(v)))],
  ['toTime', number(timeOf)],
  ['toDuration', number(durationOf)],
  ['parseDuration', text((of) => converted(() => parseDuration(of) / 1000))],
]);

/** Those that depend on where and when the template runs. */
export function contextFunctions(context: PrometheusContext): FunctionTable {
  return new Map<string, TemplateFunction>([
    ['query', text((expr) => context.query(expr))],
    ['now', { parameters: [], call: () => context.nowMs / 1000 }],
    ['pathPrefix', { parameters: [], call: () => pathOf(context.externalUrl) }],
    ['externalURL', { parameters: [], call: () => context.externalUrl }],
  ]);
}

function toFloat(value: GoValue): number {
  if (typeof value === 'number') return value;
  if (value instanceof GoInt && value.type === 'int') return Number(value.value);
  if (typeof value === 'string') {
    const parsed = parseGoFloat(value);
    if (parsed === undefined) throw new CallError(goFloatError(value));
    return parsed;
  }
  throw new CallError(`can't convert ${value == null ? '<nil>' : typeName(value)} to float`);
}

function first(results: GoValue): GoValue {
  const list = (results ?? []) as readonly GoValue[];
  if (list.length === 0) throw new CallError('first() called on vector with no elements');
  return list[0];
}

function labelOf(sample: GoValue, name: string): GoValue {
  return (sampleOf(sample).fields.get('Labels') as GoMap).get(name);
}

function sampleOf(value: GoValue): GoStruct {
  if (value === null) throw new NilPointerError();
  return value as GoStruct;
}

function args(...values: GoValue[]): GoValue {
  return new GoMap(new Map(values.map((value, i) => [`arg${i}`, value])));
}

function search(pattern: GoValue): Search {
  return converted(() => new Search(pattern as string));
}

/** Prometheus lets this one panic, which shows in the message. */
function compiled(pattern: string): Search {
  try {
    return search(pattern);
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    throw new CallError(`regexp: Compile(${sprintf('%#q', [pattern])}): ${error.message}`);
  }
}

function replaceAll(pattern: GoValue, replacement: GoValue, of: GoValue): GoValue {
  return compiled(pattern as string).replaceAll(of as string, replacement as string);
}

function sortByLabel(name: GoValue, results: GoValue): GoValue {
  const key = (sample: GoValue) => labelOf(sample, name as string) as string;
  return [...((results ?? []) as readonly GoValue[])].sort((a, b) => compareStrings(key(a), key(b)));
}

/** `host:port` taken apart as Go's `net.SplitHostPort` does it; undefined where it is not one. */
function splitHostPort(of: string): { host: string; port: string } | undefined {
  const match = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:[\]]*)$/.exec(of);
  return match === null ? undefined : { host: match[1] ?? match[2], port: match[3] };
}

function stripPort(of: string): string {
  return splitHostPort(of)?.host ?? of;
}

function stripDomain(of: string): string {
  const split = splitHostPort(of);
  const host = split?.host ?? of;
  if (isIPv4(host) || (isIPv6(host) && !host.includes('%'))) return of;
  const name = host.split('.')[0];
  if (split === undefined || split.port === '') return name;
  return `${name.includes(':') ? `[${name}]` : name}:${split.port}`;
}

/** Milliseconds are all that Prometheus keeps of it. */
function timeOf(v: number): GoTime {
  checkNanoseconds(v, 'timestamp');
  return new GoTime(Math.trunc(v * 1000));
}

function durationOf(v: number): GoDuration {
  checkNanoseconds(v, 'duration');
  return new GoDuration(BigInt(Math.trunc(v * 1e9)));
}

/** Go counts both in nanoseconds of 64 bits. */
function checkNanoseconds(v: number, what: string): void {
  if (!Number.isFinite(v)) throw new CallError('value is NaN or Inf');
  if (Math.abs(v * 1e9) > 2 ** 63) {
    const number = formatG(v);
    throw new CallError(`${number} cannot be represented as a nanoseconds ${what} since it overflows int64`);
  }
}

function pathOf(url: string): string {
  const path = /^[a-z][a-z\d+.-]*:\/\/[^/?#]*([^?#]*)/i.exec(url);
  return path === null ? url.split(/[?#]/)[0] : path[1];
}

function converted<T>(convert: () => T): T {
  try {
    return convert();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new CallError(error.reason);
  }
}
