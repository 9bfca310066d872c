/** Content encodings of an answer: what this runtime can undo as a stream, so that a bomb is met piece by piece. */
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';

// Node 20 has no zstd. What npm has for it allocates the window that a hostile header names, so there it is not
// offered rather than offered unsafely.
const createZstdDecompress = (zlib as { createZstdDecompress?: (options: object) => Transform })
  .createZstdDecompress;

const PIECE_BYTES = 64 * 1024;

/** The value of `Accept-Encoding`. */
export const ACCEPT_ENCODING = createZstdDecompress === undefined ? 'gzip' : 'gzip, zstd;q=0.9';

/** A stream that undoes `encoding`, null where there is nothing to undo, undefined for one we do not know. */
export function decompressor(encoding: string | undefined): Transform | null | undefined {
  switch (encoding?.trim().toLowerCase() ?? '') {
    case '':
    case 'identity':
      return null;
    case 'gzip':
    case 'x-gzip':
      return zlib.createGunzip({ chunkSize: PIECE_BYTES });
    case 'deflate':
      return zlib.createInflate({ chunkSize: PIECE_BYTES });
    case 'zstd':
      return createZstdDecompress?.({ chunkSize: PIECE_BYTES });
    default:
      return undefined;
  }
}
