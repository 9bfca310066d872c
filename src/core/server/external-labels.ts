/** What a server's series have beside their own labels when others read them. */
import type { Labels } from '../model/labels.ts';
import { LabelsBuilder } from '../model/labels-builder.ts';

/** A series' own labels stay. */
export function withExternal(labels: Labels, external: Labels): Labels {
  if (external.size === 0) return labels;
  const builder = new LabelsBuilder(labels);
  for (const [name, value] of external) if (!labels.has(name)) builder.set(name, value);
  return builder.labels();
}
