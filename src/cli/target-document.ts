/** Targets as they are written: groups in JSON or YAML, as in files of file_sd_configs, or label sets in JSON Lines. */
import { parseTargetGroups } from '../core/discovery/index.ts';
import { InputError } from '../core/errors.ts';
import { type Labels, LabelsBuilder, labelsFromObject } from '../core/model/index.ts';
import { parse } from '../core/yaml/index.ts';

/** The labels of all targets. Throws InputError. */
export function targetDocument(text: string): Labels[] {
  if (/^\s*\{/.test(text)) return text.split('\n').flatMap(labelLine);
  let document: unknown;
  try {
    document = parse(text, { schema: 'failsafe' });
  } catch (error) {
    throw new InputError('bad_target_groups', (error as Error).message, { file: 'stdin' });
  }
  return parseTargetGroups(document, 'stdin').flatMap(({ targets, labels }) =>
    targets.map((target) => {
      const builder = new LabelsBuilder(labels);
      for (const [name, value] of target) builder.set(name, value);
      return builder.labels();
    }),
  );
}

function labelLine(line: string, i: number): Labels[] {
  if (line.trim() === '') return [];
  const place = { file: 'stdin', line: i + 1 };
  let object: unknown;
  try {
    object = JSON.parse(line);
  } catch {
    throw new InputError('bad_labels', 'is not JSON', place);
  }
  const labels = object as Record<string, string>;
  if (
    typeof object !== 'object' ||
    object === null ||
    Array.isArray(object) ||
    !Object.values(labels).every(isText)
  )
    throw new InputError('bad_labels', 'is not an object of label names and values', place);
  return [labelsFromObject(labels)];
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}
