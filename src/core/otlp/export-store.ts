/** Takes export requests from their bytes to the store, one after another. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { InputError } from '../errors.ts';
import { KnownSeries } from '../remote/known-series.ts';
import type { Appender } from '../source/source.ts';
import { Intake, type IntakeFault } from './intake.ts';
import { readJson } from './json-request.ts';
import type { OtlpConfig } from './otlp-config.ts';
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

export class ExportStore {
  private readonly intake: Intake;
  private readonly known = new KnownSeries();
  /** That under which series are known. */
  private config: OtlpConfig | undefined = undefined;
  private last: Promise<unknown> = Promise.resolve();

  /** Nobody else may use this appender. */
  constructor(appender: Appender) {
    this.intake = new Intake(appender, this.known);
  }

  /**
   * Stores all samples or none. Other work has its turn meanwhile, other requests when this one is done. Rejects with the
   * appender's errors alone: that the body is no request is an outcome, as this part of a program may be a bundle of its
   * own, whose errors are of no class that others know.
   */
  store(body: Uint8Array, form: ExportForm, settings: () => TranslatorSettings): Promise<ExportOutcome> {
    const done = this.last.then(() => this.take(body, form, settings()));
    this.last = done.catch(() => {});
    return done;
  }

  private async take(
    body: Uint8Array,
    form: ExportForm,
    settings: TranslatorSettings,
  ): Promise<ExportOutcome> {
    const { intake, known } = this;
    if (known.isFull || this.config !== settings.config) {
      known.clear((ref) => intake.release(ref));
      this.config = settings.config;
    }
    const translator = new Translator(settings, intake, known);
    try {
      let since = performance.now();
      for (const _ of (form === 'json' ? readJson : readProtobuf)(body, translator)) {
        if (performance.now() - since < TURN_MS) continue;
        await nextTurn();
        since = performance.now();
      }
      return { fault: intake.finish(), troubles: translator.troubles };
    } catch (error) {
      intake.abandon();
      if (!(error instanceof InputError)) throw error;
      return { fault: { isSenders: true, text: error.message }, troubles: [] };
    } finally {
      known.done();
    }
  }
}
