/** Label sets as configuration has them. */
import { isValidLabelName, isValidUtf8, type ValidationScheme } from '../../model/names.ts';
import { goQuote } from '../../model/quote.ts';
import { mapOf, text } from '../schema/index.ts';
import type { Type } from '../schema/type.ts';

export type LabelSet = Readonly<Record<string, string>>;

/** With names that are valid in any scheme; `values`: whether values must be valid UTF-8 too. */
export const labelSet: Type<LabelSet> = {
  ...mapOf(text),
  read(reader, node, path) {
    const labels = mapOf(text).read(reader, node, path);
    for (const name of Object.keys(labels)) {
      const fault = labelFault(name, labels[name], 'utf8');
      if (fault !== undefined) reader.faultAt(`${path}.${name}`, fault);
    }
    return labels;
  },
};

export function labelFault(name: string, value: string, scheme: ValidationScheme): string | undefined {
  if (!isValidLabelName(name, scheme)) return `${goQuote(name)} is not a valid label name`;
  return isValidUtf8(value) ? undefined : `${goQuote(value)} is not a valid label value`;
}
