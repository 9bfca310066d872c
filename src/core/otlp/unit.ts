/**
 * Units: from the codes of UCUM (https://ucum.org/ucum) that OpenTelemetry uses to the words of Prometheus.
 * See https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#otlp-metric-points-to-prometheus
 */

const WORDS: ReadonlyMap<string, string> = new Map([
  ['d', 'days'],
  ['h', 'hours'],
  ['min', 'minutes'],
  ['s', 'seconds'],
  ['ms', 'milliseconds'],
  ['us', 'microseconds'],
  ['ns', 'nanoseconds'],
  ['By', 'bytes'],
  ['KiBy', 'kibibytes'],
  ['MiBy', 'mebibytes'],
  ['GiBy', 'gibibytes'],
  ['TiBy', 'tibibytes'],
  ['KBy', 'kilobytes'],
  ['MBy', 'megabytes'],
  ['GBy', 'gigabytes'],
  ['TBy', 'terabytes'],
  ['m', 'meters'],
  ['V', 'volts'],
  ['A', 'amperes'],
  ['J', 'joules'],
  ['W', 'watts'],
  ['g', 'grams'],
  ['Cel', 'celsius'],
  ['Hz', 'hertz'],
  ['1', ''],
  ['%', 'percent'],
]);

/** Behind a slash. */
const PER: ReadonlyMap<string, string> = new Map([
  ['s', 'second'],
  ['m', 'minute'],
  ['h', 'hour'],
  ['d', 'day'],
  ['w', 'week'],
  ['mo', 'month'],
  ['y', 'year'],
]);

export interface UnitWords {
  /** `bytes`; '' for none. */
  main: string;
  /** `per_second`; '' for none. */
  per: string;
}

/** What is in braces is a remark, and no unit. */
export function unitWords(unit: string): UnitWords {
  const slash = unit.indexOf('/');
  const main = (slash < 0 ? unit : unit.slice(0, slash)).trim();
  const per = slash < 0 ? '' : unit.slice(slash + 1).trim();
  const perWord = isRemark(per) ? '' : (PER.get(per) ?? per);
  return {
    main: isRemark(main) ? '' : (WORDS.get(main) ?? main),
    per: perWord === '' ? '' : `per_${perWord}`,
  };
}

/** As metadata has it. */
export function unitName(unit: string, escaped: boolean): string {
  const { main, per } = unitWords(unit);
  const parts = escaped ? [escapedUnit(main), escapedUnit(per)] : [main, per];
  return parts
    .filter((part) => part !== '')
    .join('_')
    .replace(/^_|_$/g, '');
}

/** With nothing in it that a name cannot have. */
export function escapedUnit(word: string): string {
  return word.replace(/[^a-zA-Z\d:]+/gu, '_').replace(/^_/, '');
}

function isRemark(text: string): boolean {
  return /[{}]/.test(text);
}
