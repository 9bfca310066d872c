/** Annotations for GitHub's workflows (https://docs.github.com/actions/reference/workflow-commands-for-github-actions). */
import type { Place } from '../core/errors.ts';

export function githubAnnotation(
  severity: 'error' | 'warning' | 'notice',
  place: Place,
  message: string,
): string {
  const properties = [
    ['file', place.file],
    ['line', place.line],
    ['col', place.column],
  ]
    .filter(([, value]) => value !== undefined)
    .map(
      ([name, value]) => `${name}=${escaped(String(value)).replaceAll(':', '%3A').replaceAll(',', '%2C')}`,
    );
  return `::${severity} ${properties.join(',')}::${escaped(message)}`;
}

function escaped(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
