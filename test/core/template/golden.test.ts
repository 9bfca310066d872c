import { describe, expect, it } from 'vitest';
import { labelsFromObject } from '../../../src/core/model/labels.ts';
import { checkAlertTemplate, expandAlertTemplate, TemplateError } from '../../../src/core/template/index.ts';
import {
  GOLDEN_EXTERNAL_LABELS,
  GOLDEN_LABELS,
  GOLDEN_URL,
  GOLDEN_VALUE,
  goldenTemplates,
} from './golden.ts';

const NAME = '__alert_T';
const DATA = {
  labels: labelsFromObject(GOLDEN_LABELS),
  externalLabels: labelsFromObject(GOLDEN_EXTERNAL_LABELS),
  externalUrl: GOLDEN_URL,
  value: GOLDEN_VALUE,
};

/** The text of an annotation: where the template fails, why. */
async function annotation(template: string): Promise<string> {
  try {
    return await expandAlertTemplate(template, DATA, { name: NAME, nowMs: 120_000, query: async () => [] });
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return `<error expanding template: ${error.reason}>`;
  }
}

function refusal(template: string): string | undefined {
  try {
    checkAlertTemplate(template, NAME);
    return undefined;
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return error.reason;
  }
}

describe('templates as promtool expands them', () => {
  const golden = goldenTemplates();

  it.each(golden.filter(({ text }) => text !== undefined))('$template', async ({ template, text }) => {
    expect(await annotation(template)).toBe(text);
  });

  it.each(golden.filter(({ refused }) => refused !== undefined))(
    '$template is refused',
    ({ template, refused }) => {
      expect(refusal(template)).toBe(refused);
    },
  );
});
