/** What is imported: files and pipes, and where in them it is safe to stop and go on later. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { InputError } from '../../errors.ts';
import { detectFormat } from '../../exposition/detection.ts';
import { createParser } from '../../exposition/format.ts';
import type { ExpositionFormat, ExpositionParser } from '../../exposition/parser.ts';
import type { Family, SeriesTable } from '../../exposition/series-table.ts';
import { isLegacyMetricName, quote } from '../../model/index.ts';
import { looksLikeCsv } from './csv-columns.ts';
import { type CsvOptions, CsvParser } from './csv-parser.ts';

export type ImportFormat = ExpositionFormat | 'csv';

export interface ImportInput {
  /** What messages call it. */
  name: string;
  /** Tells this file, as it is now, from every other; undefined for what cannot be read twice. */
  identity?: string;
  /** Undefined where that is not known. */
  sizeBytes?: number;
  /** The bytes from `offset` on. A piece is valid until the next one is asked for. */
  pieces(offset: number): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** The last bytes, where they can be had. */
  tail?(): Uint8Array;
}

const PIECE_BYTES = 256 * 1024;
const TAIL_BYTES = 64;

/** A file that can be read again. Throws what `stat` throws. */
export function fileInput(path: string): ImportInput {
  const stat = statSync(path);
  if (stat.isDirectory()) throw new InputError('bad_input', 'is a directory', { file: path });
  if (!stat.isFile()) return { name: path, pieces: () => filePieces(path, undefined) };
  return {
    name: path,
    identity: JSON.stringify([resolve(path), stat.size, stat.mtimeMs]),
    sizeBytes: stat.size,
    pieces: (offset) => filePieces(path, offset),
    tail: () => {
      for (const piece of filePieces(path, Math.max(0, stat.size - TAIL_BYTES))) return piece;
      return new Uint8Array(0);
    },
  };
}

/** `offset` is undefined where the file has no positions. */
function* filePieces(path: string, offset: number | undefined): Generator<Uint8Array> {
  const fd = openSync(path, 'r');
  const buffer = new Uint8Array(PIECE_BYTES);
  try {
    for (let at = offset; ; ) {
      const n = readSync(fd, buffer, 0, buffer.length, at ?? null);
      if (n === 0) return;
      if (at !== undefined) at += n;
      yield buffer.subarray(0, n);
    }
  } finally {
    closeSync(fd);
  }
}

/** The format of an input, from its first bytes and, where they can be had, its last ones. */
export function formatOf(input: ImportInput, first: Uint8Array): ImportFormat {
  const format = detectFormat(first);
  if (format !== 'text') return format;
  if (looksLikeCsv(first)) return 'csv';
  // A long file of plain lines may not show before its end that it is OpenMetrics, whose times are seconds.
  const tail = input.tail?.() ?? new Uint8Array(0);
  return /# EOF\n?$/.test(Buffer.from(tail).toString('latin1')) ? 'openmetrics' : 'text';
}

export function createImportParser(
  format: ImportFormat,
  table: SeriesTable,
  csv: CsvOptions,
): ExpositionParser {
  return format === 'csv' ? new CsvParser(table, csv) : createParser(format, table, { concatenated: true });
}

const NEWLINE = 0x0a;
const HASH = 0x23;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Lines looked at from the end of a piece. */
const MAX_LINES = 64;

/**
 * Where in a piece another reader may begin: behind the last line that is a sample and ends outside quotation marks,
 * so that nothing that was said before matters but the family it belongs to. -1 where no such place is found.
 */
export function safeCut(piece: Uint8Array, format: ImportFormat): number {
  if (format === 'protobuf') return -1;
  let end = piece.lastIndexOf(NEWLINE);
  for (let lines = 0; end > 0 && lines < MAX_LINES; lines++) {
    const start = piece.lastIndexOf(NEWLINE, end - 1) + 1;
    // The first line of a piece may have begun in the one before.
    if (start === 0) return -1;
    if (end > start && piece[start] !== HASH && quotesClose(piece, start, end)) return end + 1;
    end = start - 1;
  }
  return -1;
}

function quotesClose(bytes: Uint8Array, start: number, end: number): boolean {
  let open = false;
  for (let at = start; at < end; at++) {
    if (bytes[at] === QUOTE) open = !open;
    else if (bytes[at] === BACKSLASH && open) at++;
  }
  return !open;
}

/** What a parser that begins behind a sample of `family` has to be told first: the bounds of its series depend on it. */
export function contextOf(family: Family | undefined, format: ImportFormat): string | undefined {
  if (family === undefined || (format !== 'text' && format !== 'openmetrics')) return undefined;
  if (!['histogram', 'gaugehistogram', 'summary'].includes(family.type)) return undefined;
  const name = isLegacyMetricName(family.name) ? family.name : quote(family.name);
  return `# TYPE ${name} ${family.type}\n`;
}
