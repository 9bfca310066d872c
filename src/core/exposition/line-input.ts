/**
 * The input of a line format, which comes in pieces of any size: whole lines are parsed where they lie, and the
 * beginning of an unfinished one is kept for the next piece. Line breaks within quotation marks do not end a line,
 * which only the parser can tell. Faults get their place here.
 */
import { InputError } from '../errors.ts';
import { Batch } from './batch.ts';
import { LineFault } from './line-fault.ts';
import { BAD_EXPOSITION, type ExpositionParser } from './parser.ts';

export const NEWLINE = 0x0a;

const NOTHING = Buffer.alloc(0);
const NO_VIEW = new DataView(NOTHING.buffer, 0, 0);
/** Stands there until the first piece comes; never written to. */
const NO_BATCH = new Batch();

export abstract class LineInput implements ExpositionParser {
  /** The piece that is being parsed, and the same memory as a view. */
  protected bytes: Buffer = NOTHING;
  protected view: DataView = NO_VIEW;
  protected batch: Batch = NO_BATCH;
  /** Where the line that is being parsed starts, and its number. */
  protected lineStart = 0;
  protected line = 1;
  private readonly maxLineBytes: number;
  /** The beginning of a line whose end has not come yet. */
  private held: Buffer = NOTHING;
  private heldBytes = 0;
  /** Below this many held bytes another attempt at a line with line breaks within quotes is not worth it. */
  private retryBytes = 0;
  /** What the line that was not finished would be blamed for. */
  private unfinished: LineFault | undefined;

  protected constructor(maxLineBytes: number) {
    this.maxLineBytes = maxLineBytes;
  }

  /**
   * Parses the lines in [pos, end) of `bytes`; the byte before `end` is a line break. Throws LineFault, with `line` and
   * `lineStart` those of the line at fault.
   */
  protected abstract parseLines(pos: number, end: number): void;

  /** The input ends with the line `rest`, which has no line break. Throws LineFault if that is not allowed. */
  protected abstract checkRest(rest: Buffer): void;

  /** The input is over; throws LineFault if something is missing. */
  protected abstract finish(): void;

  write(bytes: Uint8Array, batch: Batch): void {
    this.batch = batch;
    const piece = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    try {
      const from = this.heldBytes === 0 ? 0 : this.finishHeld(piece);
      if (from === piece.length) return;
      const used = this.run(piece, from, piece.lastIndexOf(NEWLINE) + 1);
      if (used < piece.length) this.hold(piece, used, piece.length);
    } catch (error) {
      throw this.explained(error);
    }
  }

  end(batch: Batch): void {
    this.batch = batch;
    try {
      if (this.heldBytes > 0) this.parseRest();
      this.lineStart = 0;
      this.finish();
    } catch (error) {
      throw this.explained(error);
    }
    this.reset();
  }

  /** Makes the parser ready for the next input; what it knows of lines and series stays. */
  protected reset(): void {
    // Whoever waits for the next input must not keep the last one alive.
    this.bytes = NOTHING;
    this.view = NO_VIEW;
    this.batch = NO_BATCH;
    this.line = 1;
    this.lineStart = 0;
    this.heldBytes = 0;
    this.retryBytes = 0;
  }

  /** Parses the lines in [from, end); returns where one starts that goes on behind `end`. */
  private run(bytes: Buffer, from: number, end: number): number {
    if (from >= end) return from;
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    try {
      this.parseLines(from, end);
      return end;
    } catch (error) {
      if (!(error instanceof LineFault) || !error.unfinished) throw error;
      this.unfinished = error;
      return this.lineStart;
    }
  }

  /** Goes on with the line that was not finished; returns how many of `bytes` that took. */
  private finishHeld(bytes: Buffer): number {
    const newline = bytes.indexOf(NEWLINE);
    const first = newline < 0 ? bytes.length : newline + 1;
    this.hold(bytes, 0, first);
    if (newline < 0 || (this.retryBytes === 0 && this.runHeld() === 0)) return first;
    // The line break stands within quotation marks, and the line may go on for long.
    this.hold(bytes, first, bytes.length);
    if (this.heldBytes >= this.retryBytes) this.retryBytes = 2 * this.runHeld();
    return bytes.length;
  }

  /** Parses the held lines; returns how many bytes stay. */
  private runHeld(): number {
    const { held } = this;
    const used = this.run(held, 0, held.lastIndexOf(NEWLINE, this.heldBytes - 1) + 1);
    this.heldBytes -= used;
    held.copyWithin(0, used, used + this.heldBytes);
    this.lineStart = 0;
    return this.heldBytes;
  }

  private hold(bytes: Buffer, from: number, to: number): void {
    const size = this.heldBytes + to - from;
    if (size > this.maxLineBytes)
      throw new LineFault((this.lineStart = 0), `the line is longer than ${this.maxLineBytes} bytes`);
    // One more, for the line break that the last line may lack.
    if (size + 1 > this.held.length) {
      const wider = Buffer.alloc(Math.max(size + 1, this.held.length * 2, 1024));
      wider.set(this.held.subarray(0, this.heldBytes));
      this.held = wider;
    }
    this.held.set(bytes.subarray(from, to), this.heldBytes);
    this.heldBytes = size;
  }

  /** Parses what is held: lines that were not worth an attempt, and a last one without a line break. */
  private parseRest(): void {
    if (this.retryBytes > 0 && this.runHeld() === 0) return;
    this.bytes = this.held.subarray(0, this.heldBytes);
    this.lineStart = 0;
    this.checkRest(this.bytes);
    this.held[this.heldBytes++] = NEWLINE;
    if (this.run(this.held, 0, this.heldBytes) < this.heldBytes) throw this.unfinished;
  }

  /** Gives a fault its place. */
  private explained(error: unknown): unknown {
    if (!(error instanceof LineFault)) return error;
    const { exemplars, length } = this.batch;
    while (exemplars.length > 0 && exemplars[exemplars.length - 1].row >= length) exemplars.pop();
    const before = this.bytes.subarray(this.lineStart, error.at);
    let line = this.line;
    for (const c of before) if (c === NEWLINE) line++;
    const column = before.length - before.lastIndexOf(NEWLINE);
    this.reset();
    return new InputError(BAD_EXPOSITION, error.message, { line, column });
  }
}
