/** How Prometheus prints a label set in messages: `{__name__="up", job="node"}`. */
import type { Labels } from './labels.ts';
import { isLegacyLabelName } from './names.ts';
import { goQuote } from './quote.ts';

export function labelsInBraces(labels: Labels): string {
  const parts: string[] = [];
  for (const [name, value] of labels) {
    parts.push(`${isLegacyLabelName(name) ? name : goQuote(name)}=${goQuote(value)}`);
  }
  return `{${parts.join(', ')}}`;
}
