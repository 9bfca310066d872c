/** What is wrong with a YAML file or an exposition, as promtool says it. */
import type { InputError } from '../core/errors.ts';

/** One text for each error that promtool would print; where the YAML itself is wrong, nothing else counts. */
export function promtoolFaults(file: string, errors: readonly InputError[]): string[] {
  const prefix = file === '' ? '' : `${file}: `;
  const yaml = errors.filter(({ code }) => code === 'bad_yaml');
  const syntax = yaml.find(({ reason }) => reason.startsWith('yaml: '));
  if (syntax !== undefined)
    return [`${prefix}yaml: line ${syntax.place.line}: ${syntax.reason.slice('yaml: '.length)}`];
  if (yaml.length > 0) {
    const lines = yaml.map(
      ({ reason, place }) => `  line ${place.line}: ${reason.replace(/ \(did you mean .*\?\)$/, '')}`,
    );
    return [`${prefix}yaml: unmarshal errors:\n${lines.join('\n')}`];
  }
  return errors.map(({ reason, place }) => `${prefix}${place.line}:${place.column}: ${reason}`);
}

/** A fault of an exposition in the text format. */
export function textFormatFault({ place, reason }: InputError): string {
  return `text format parsing error${place.line === undefined ? '' : ` in line ${place.line}`}: ${reason}`;
}
