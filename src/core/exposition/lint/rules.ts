/**
 * What is unusual about a metric family, after Prometheus' guidelines for names and units
 * (https://prometheus.io/docs/practices/naming/). Findings, wording and order are those of `promtool check metrics`.
 */
import { compareStrings } from '../../model/labels.ts';
import { type LintFamily, labelKey } from './family-set.ts';

export interface Finding {
  metric: string;
  text: string;
}

type Rule = (family: LintFamily) => string[];

/** The findings of all families, sorted by metric and text; one text may come several times. */
export function lint(families: readonly LintFamily[]): Finding[] {
  const findings: Finding[] = [];
  for (const family of families) {
    for (const rule of RULES) {
      for (const text of rule(family)) findings.push({ metric: family.name, text });
    }
  }
  return findings.sort((a, b) => compareStrings(a.metric, b.metric) || compareStrings(a.text, b.text));
}

const RULES: readonly Rule[] = [
  hasHelp,
  usesBaseUnit,
  counterEndsWithTotal,
  keepsReservedNames,
  doesNotNameItsType,
  hasNoColon,
  isSnakeCase,
  doesNotAbbreviateUnits,
  isUnique,
];

function hasHelp({ help }: LintFamily): string[] {
  return help === undefined ? ['no help text'] : [];
}

/** The base unit of each unit that a part of a name may be, alone or behind a prefix. */
const BASE_UNITS = new Map([
  ['amperes', 'amperes'],
  ['bytes', 'bytes'],
  ['bits', 'bytes'],
  ['celsius', 'celsius'],
  ['fahrenheit', 'celsius'],
  ['rankine', 'celsius'],
  ['grams', 'grams'],
  ['ounces', 'grams'],
  ['pounds', 'grams'],
  ['joules', 'joules'],
  ['calories', 'joules'],
  ['kelvin', 'kelvin'],
  ['kelvins', 'kelvin'],
  ['meters', 'meters'],
  ['inches', 'meters'],
  ['miles', 'meters'],
  ['yards', 'meters'],
  ['metres', 'metres'],
  ['seconds', 'seconds'],
  ['minutes', 'seconds'],
  ['hours', 'seconds'],
  ['days', 'seconds'],
  ['weeks', 'seconds'],
  ['volts', 'volts'],
]);

const UNIT = new RegExp(
  `^(?:pico|nano|micro|milli|centi|deci|deca|hecto|kilo|kibi|mega|mibi|giga|gibi|tera|tebi|peta|pebi)?(${[...BASE_UNITS.keys()].join('|')})$`,
);

function usesBaseUnit({ name }: LintFamily): string[] {
  for (const part of name.split('_')) {
    const unit = UNIT.exec(part)?.[1];
    if (unit === undefined) continue;
    const base = BASE_UNITS.get(unit)!;
    // The first unit in a name decides.
    return part === base ? [] : [`use base unit "${base}" instead of "${part}"`];
  }
  return [];
}

function counterEndsWithTotal({ name, type }: LintFamily): string[] {
  const endsWithTotal = name.endsWith('_total');
  if (type === 'counter') return endsWithTotal ? [] : ['counter metrics should have "_total" suffix'];
  if (type === 'untyped') return [];
  return endsWithTotal ? ['non-counter metrics should not have "_total" suffix'] : [];
}

/** Suffixes and labels that mean something in histograms and summaries only. */
function keepsReservedNames({ name, type, metrics }: LintFamily): string[] {
  if (type === 'untyped') return [];
  const isHistogram = type === 'histogram';
  const isSummary = type === 'summary';
  const texts: string[] = [];
  if (!isHistogram && name.endsWith('_bucket')) {
    texts.push('non-histogram metrics should not have "_bucket" suffix');
  }
  for (const suffix of ['_count', '_sum']) {
    if (isHistogram || isSummary || !name.endsWith(suffix)) continue;
    texts.push(`non-histogram and non-summary metrics should not have "${suffix}" suffix`);
  }
  for (const { labels } of metrics) {
    for (const [label] of labels) {
      if (label === 'le' && !isHistogram) texts.push('non-histogram metrics should not have "le" label');
      if (label === 'quantile' && !isSummary)
        texts.push('non-summary metrics should not have "quantile" label');
    }
  }
  return texts;
}

function doesNotNameItsType({ name, type }: LintFamily): string[] {
  if (type === 'untyped') return [];
  return hasPart(name, type!) ? [`metric name should not include type '${type}'`] : [];
}

function hasNoColon({ name }: LintFamily): string[] {
  return name.includes(':') ? ["metric names should not contain ':'"] : [];
}

function isSnakeCase({ name, metrics }: LintFamily): string[] {
  const texts: string[] = [];
  if (isCamelCase(name)) texts.push("metric names should be written in 'snake_case' not 'camelCase'");
  for (const { labels } of metrics) {
    for (const [label] of labels) {
      if (isCamelCase(label)) texts.push("label names should be written in 'snake_case' not 'camelCase'");
    }
  }
  return texts;
}

const ABBREVIATIONS = ['s', 'ms', 'us', 'ns', 'sec', 'b', 'kb', 'mb', 'gb', 'tb', 'pb', 'm', 'h', 'd'];

function doesNotAbbreviateUnits({ name }: LintFamily): string[] {
  const abbreviates = ABBREVIATIONS.some((unit) => hasPart(name, unit));
  return abbreviates ? ['metric names should not contain abbreviated units'] : [];
}

function isUnique({ metrics }: LintFamily): string[] {
  const seen = new Set<string>();
  const texts: string[] = [];
  for (const { labels } of metrics) {
    const key = labelKey(labels);
    if (seen.has(key)) texts.push('metric not unique');
    seen.add(key);
  }
  return texts;
}

/** Whether `part` stands in `name` between underscores, or behind the last one, in whatever case. */
function hasPart(name: string, part: string): boolean {
  return `${name.toLowerCase()}_`.includes(`_${part}_`);
}

function isCamelCase(name: string): boolean {
  return /[a-z][A-Z]/.test(name);
}
