/** Metrics as OpenTelemetry sends them: reading export requests, and storing them as series. */
export { type ExportForm, type ExportOutcome, ExportStore } from './export-store.ts';
export { readJson } from './json-request.ts';
export type { OtlpConfig, TranslationStrategy } from './otlp-config.ts';
export { readProtobuf } from './protobuf-request.ts';
export type { TranslatorSettings } from './translator.ts';
