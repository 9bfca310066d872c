/** The fixed parts of an index file: its header, and the table of contents at its end. docs/format/index.md. */
import { crc32c } from '../../encoding/crc32c.ts';
import { readUint32, readUint64 } from '../../encoding/varint.ts';
import { CorruptionError } from '../../errors.ts';
import type { PagedFile } from './paged-file.ts';

export const INDEX_MAGIC = 0xbaaad700;
export const HEADER_BYTES = 5;
/** Series entries start at multiples of this in version 2, and are named by the quotient. */
export const SERIES_ALIGNMENT = 16;

const TOC_BYTES = 6 * 8 + 4;

/** Offsets of the sections. */
export interface TableOfContents {
  symbols: number;
  series: number;
  labelIndices: number;
  labelOffsetTable: number;
  postings: number;
  postingsOffsetTable: number;
}

/** Reads header and table of contents, and checks that they can be true. Throws CorruptionError. */
export function readFrame(file: PagedFile): { version: number; toc: TableOfContents } {
  const header = file.seek(0, HEADER_BYTES);
  if (readUint32(file.window, header) !== INDEX_MAGIC) throw damaged(file, 0, 'is not an index');
  const version = file.window[header + 4];
  if (version !== 1 && version !== 2) throw damaged(file, 4, `is an index of unknown version ${version}`);

  const at = file.size - TOC_BYTES;
  if (at < HEADER_BYTES) throw damaged(file, 0, 'is too short for an index');
  const pos = file.seek(at, TOC_BYTES);
  const bytes = file.window;
  if (crc32c(bytes, pos, pos + TOC_BYTES - 4) !== readUint32(bytes, pos + TOC_BYTES - 4)) {
    throw damaged(file, at, 'has a damaged table of contents (checksum)');
  }
  const offsets = Array.from({ length: 6 }, (_, i) => readUint64(bytes, pos + i * 8));
  for (const offset of offsets) {
    if (offset > at) throw damaged(file, at, `has a table of contents that points to byte ${offset}`);
  }
  return {
    version,
    toc: {
      symbols: offsets[0],
      series: offsets[1],
      labelIndices: offsets[2],
      labelOffsetTable: offsets[3],
      postings: offsets[4],
      postingsOffsetTable: offsets[5],
    },
  };
}

/**
 * Goes once through a section that starts with its length and ends with its checksum, giving `each` the bytes in
 * between in pieces, and checks the checksum.
 */
export function scanSection(
  file: PagedFile,
  offset: number,
  what: string,
  each: (piece: Uint8Array, start: number, end: number) => void,
): void {
  const { start, end } = sectionBounds(file, offset, what);
  let crc = 0;
  file.scan(start, end, (piece, from, length) => {
    crc = crc32c(piece, from, from + length, crc);
    try {
      each(piece, from, from + length);
    } catch (error) {
      throw error instanceof CorruptionError ? error.in({ file: file.path, offset }) : error;
    }
  });
  const trailer = file.seek(end, 4);
  if (crc !== readUint32(file.window, trailer))
    throw damaged(file, offset, `has a damaged ${what} (checksum)`);
}

/** Where the content of a section with a leading length lies. Throws CorruptionError where it cannot. */
export function sectionBounds(file: PagedFile, offset: number, what: string): { start: number; end: number } {
  const at = file.seek(offset, 4);
  const length = readUint32(file.window, at);
  const start = offset + 4;
  if (start + length + 4 > file.size)
    throw damaged(file, offset, `has a ${what} of ${length} bytes, past its end`);
  return { start, end: start + length };
}

export function damaged(file: PagedFile, offset: number, reason: string): CorruptionError {
  return new CorruptionError(reason, { file: file.path, offset });
}
