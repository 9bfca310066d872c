/** Takes one export request from its bytes to the store. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Appender } from '../source/source.ts';
import { Intake, type IntakeFault } from './intake.ts';
import { readJson } from './json-request.ts';
import { readProtobuf } from './protobuf-request.ts';
import { Translator, type TranslatorSettings } from './translator.ts';

export type ExportForm = 'protobuf' | 'json';

export interface ExportOutcome {
  /** Why nothing was stored. */
  fault: IntakeFault | undefined;
  /** What was left out of a request that was stored otherwise, for the log. */
  troubles: readonly string[];
}

/** How long one request may keep others waiting. */
const TURN_MS = 5;

/**
 * Stores all samples or none; others have their turn meanwhile. Rejects with an InputError where the body is no
 * request, and with the store's own errors.
 */
export async function storeExport(
  body: Uint8Array,
  form: ExportForm,
  appender: Appender,
  settings: TranslatorSettings,
): Promise<ExportOutcome> {
  const intake = new Intake(appender);
  const translator = new Translator(settings, intake);
  try {
    let since = performance.now();
    for (const _ of (form === 'json' ? readJson : readProtobuf)(body, translator)) {
      if (performance.now() - since < TURN_MS) continue;
      await nextTurn();
      since = performance.now();
    }
    intake.finish();
  } catch (error) {
    intake.abandon();
    throw error;
  }
  return { fault: intake.fault, troubles: translator.troubles };
}
