/** What is wrong with a YAML file or an exposition, as promtool says it. */
import type { InputError } from '../core/errors.ts';

/** One text for each error that promtool would print; where the YAML itself is wrong, nothing else counts. */
export function promtoolFaults(file: string, errors: readonly InputError[]): string[] {
  const prefix = file === '' ? '' : `${file}: `;
  const yaml = errors.filter(({ code }) => code === 'bad_yaml');
  const syntax = yaml.find(({ reason }) => reason.startsWith('yaml: '));
  if (syntax !== undefined)
    return [`${prefix}yaml: line ${syntax.place.line}: ${syntax.reason.slice('yaml: '.length)}`];
  if (yaml.length > 0) return [prefix + unmarshalErrors(yaml)];
  return errors.map((error) => `${prefix}${placeOf(error)}${error.reason}`);
}

/** The same for a file of rules, which promtool reads twice, the second time without a look at unknown fields. */
export function promtoolRuleFaults(file: string, errors: readonly InputError[]): string[] {
  const prefix = file === '' ? '' : `${file}: `;
  const yaml = errors.filter(({ code, reason }) => code === 'bad_yaml' && !reason.startsWith('yaml: '));
  if (yaml.length === 0) return promtoolFaults(file, errors);
  // Go's decoder ends at a duration that is none, and gathers everything else.
  const duration = yaml.find(({ reason }) => /\bduration\b/.test(reason));
  if (duration !== undefined) return [prefix + duration.reason, prefix + duration.reason];
  const again = yaml.filter(({ reason }) => !/^field .* not found in type /.test(reason));
  return [yaml, ...(again.length > 0 ? [again] : [])].map((faults) => prefix + unmarshalErrors(faults));
}

function unmarshalErrors(faults: readonly InputError[]): string {
  const lines = faults.map(
    ({ reason, place }) => `  line ${place.line}: ${reason.replace(/ \(did you mean .*?\)$/, '')}`,
  );
  return `yaml: unmarshal errors:\n${lines.join('\n')}`;
}

/** Faults that promtool has no place for, and those for which it has one that says nothing. */
const PLACELESS = /(?:^|": )(?:invalid (?:label|annotation) name: |(?:label|annotation) ".*": template: )/s;
const AT_ZERO = /^Groupname must not be empty|^groupname: |field 'expr' must be set in rule$/;

function placeOf({ reason, place }: InputError): string {
  if (PLACELESS.test(reason)) return '';
  if (AT_ZERO.test(reason)) return '0:0: ';
  if (reason.endsWith("one of 'record' or 'alert' must be set")) return '0:0: 0:0: ';
  return `${place.line}:${place.column}: `;
}

/** A fault of an exposition in the text format. */
export function textFormatFault({ place, reason }: InputError): string {
  return `text format parsing error${place.line === undefined ? '' : ` in line ${place.line}`}: ${reason}`;
}
