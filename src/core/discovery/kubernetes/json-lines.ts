/** The body of a watch: JSON documents one a line, each handed over as soon as it is whole. */
import { BodyBuffer } from '../../http/body.ts';

const LINE_FEED = 0x0a;

export class JsonLines extends BodyBuffer {
  private readonly take: (line: string) => boolean;
  private readonly begun: () => void;
  private rest: Uint8Array[] = [];
  private restBytes = 0;

  /** `begun` is called when the answer has begun; `take` says whether to go on. */
  constructor(begun: () => void, take: (line: string) => boolean) {
    super();
    this.begun = begun;
    this.take = take;
  }

  override clear(): void {
    this.rest = [];
    this.restBytes = 0;
    this.begun();
  }

  /** `limitBytes` is for one line. */
  override push(piece: Uint8Array, limitBytes: number): boolean {
    let from = 0;
    for (let end = piece.indexOf(LINE_FEED); end >= 0; end = piece.indexOf(LINE_FEED, from)) {
      this.rest.push(piece.subarray(from, end));
      const line = Buffer.concat(this.rest).toString('utf8');
      this.rest = [];
      this.restBytes = 0;
      from = end + 1;
      if (line.trim() !== '' && !this.take(line)) return false;
    }
    if (from < piece.length) {
      this.rest.push(piece.slice(from));
      this.restBytes += piece.length - from;
    }
    return limitBytes === 0 || this.restBytes < limitBytes;
  }
}
