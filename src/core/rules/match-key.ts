/** The part of a series' labels that an operation between vectors compares, as one string. */
import { type Labels, METRIC_NAME } from '../model/labels.ts';
import type { VectorMatching } from '../promql/parser/index.ts';

export function matchKey(
  labels: Labels,
  { on, labels: names }: Pick<VectorMatching, 'on' | 'labels'>,
): string {
  if (on) return JSON.stringify(names.map((name) => labels.get(name)));
  return JSON.stringify([...labels].filter(([name]) => name !== METRIC_NAME && !names.includes(name)));
}
