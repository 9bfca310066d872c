/** What one scrape may bring. Every limit is off at 0, and a target that exceeds one fails as a whole. */
import { InputError } from '../errors.ts';
import { type Labels, METRIC_NAME } from '../model/labels.ts';

export interface ScrapeLimits {
  /** Samples after relabelling. */
  samples: number;
  /** Labels of a series, `__name__` and the target's included. */
  labels: number;
  /** Bytes of a label's name, and of its value. */
  labelNameBytes: number;
  labelValueBytes: number;
}

export const NO_LIMITS: ScrapeLimits = { samples: 0, labels: 0, labelNameBytes: 0, labelValueBytes: 0 };

/** The fault of a series that exceeds a label limit, or undefined. */
export function labelLimitFault(labels: Labels, limits: ScrapeLimits): InputError | undefined {
  const metric = () => shortened(labels.get(METRIC_NAME));
  if (limits.labels > 0 && labels.size > limits.labels) {
    const counts = `number of labels: ${labels.size}, limit: ${limits.labels}`;
    return new InputError('scrape_label_limit', `label_limit exceeded (metric: ${metric()}, ${counts})`);
  }
  if (limits.labelNameBytes === 0 && limits.labelValueBytes === 0) return undefined;
  for (let i = 0; i < labels.size; i++) {
    const name = labels.names[i];
    for (const [what, text, limit] of [
      ['label_name_length_limit', name, limits.labelNameBytes],
      ['label_value_length_limit', labels.values[i], limits.labelValueBytes],
    ] as const) {
      if (limit === 0 || text.length * 3 <= limit) continue;
      const length = Buffer.byteLength(text, 'utf8');
      if (length <= limit) continue;
      const where = `metric: ${metric()}, label name: ${shortened(name)}, length: ${length}, limit: ${limit}`;
      return new InputError('scrape_label_limit', `${what} exceeded (${where})`);
    }
  }
  return undefined;
}

function shortened(text: string): string {
  return text.length > 50 ? `${text.slice(0, 50)}…` : text;
}
