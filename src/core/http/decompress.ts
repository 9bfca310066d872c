/** Content encodings of an answer, undone as streams, so that a bomb is met piece by piece. */
import { Transform, type TransformCallback } from 'node:stream';
import * as zlib from 'node:zlib';

const PIECE_BYTES = 64 * 1024;

/** The value of `Accept-Encoding`. Targets that have both are asked for what every runtime undoes natively. */
export const ACCEPT_ENCODING = 'gzip, zstd;q=0.9';

const createZstdDecompress = (zlib as { createZstdDecompress?: (options: object) => Transform })
  .createZstdDecompress;

/**
 * A stream that undoes `encoding`, null where there is nothing to undo, undefined for one we do not know. It may
 * hold up to `limitBytes` (0 for no limit) of its input or output.
 */
export function decompressor(encoding: string | undefined, limitBytes: number): Transform | null | undefined {
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
      return createZstdDecompress?.({ chunkSize: PIECE_BYTES }) ?? new PortableZstd(limitBytes);
    default:
      return undefined;
  }
}

/** For a Node without zstd: collects the frames, and undoes them together at their end. */
class PortableZstd extends Transform {
  private readonly limitBytes: number;
  private readonly pieces: Uint8Array[] = [];
  private heldBytes = 0;

  constructor(limitBytes: number) {
    super();
    this.limitBytes = limitBytes > 0 ? limitBytes : Number.POSITIVE_INFINITY;
  }

  override _transform(piece: Uint8Array, _encoding: string, done: TransformCallback): void {
    this.heldBytes += piece.length;
    if (this.heldBytes > this.limitBytes) {
      done(new Error(`zstd: more than ${this.limitBytes} bytes`));
      return;
    }
    this.pieces.push(piece);
    done();
  }

  override _flush(done: TransformCallback): void {
    import('../encoding/zstd.ts')
      .then(({ zstdDecompress }) => zstdDecompress(Buffer.concat(this.pieces), this.limitBytes))
      .then((bytes) => done(null, bytes), done);
  }
}
