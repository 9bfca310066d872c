/**
 * The logs of a data directory as they were at one moment: `wal`, and `wbl` with the samples that came out of order.
 * Their files are open, so that several passes see the same, whatever a running writer does meanwhile.
 */
import { join } from 'node:path';
import type { CorruptionError } from '../../errors.ts';
import { closeLog, type LogFile, LogReader, openLog } from '../../tsdb/wal/index.ts';

/** What makes a pass over records. */
export interface RecordVisitor {
  /** Whether it wants to see records of this type now; the others are not even decompressed. */
  wants(type: number): boolean;
  /** A CorruptionError that it throws gets the record's place. */
  take(record: Uint8Array): void;
}

export class LogView {
  private readonly wal: readonly LogFile[];
  private readonly wbl: readonly LogFile[];
  private readonly onDamage: ((error: CorruptionError) => void) | undefined;
  private readonly reported = new Set<string>();
  /** Record types in the log, once a pass has seen all of it. */
  private types: ReadonlySet<number> | undefined = undefined;

  /**
   * With `onDamage`, damage is told once, and what follows it in its file is not read; without, passes throw
   * CorruptionError.
   */
  constructor(dir: string, onDamage?: (error: CorruptionError) => void) {
    this.onDamage = onDamage;
    const report = (error: CorruptionError) => this.report(error);
    this.wal = openLog(join(dir, 'wal'), report);
    try {
      this.wbl = openLog(join(dir, 'wbl'), report);
    } catch (error) {
      closeLog(this.wal);
      throw error;
    }
  }

  /** Whether there is no log at all. */
  get empty(): boolean {
    return this.wal.length === 0;
  }

  /** Whether there is nothing to pass over: a server that has just started leaves a log of empty files. */
  get blank(): boolean {
    return [...this.wal, ...this.wbl].every((file) => file.sizeBytes === 0);
  }

  /** Whether damage was found so far, so that not all of it was read. */
  get damaged(): boolean {
    return this.reported.size > 0;
  }

  /** Passes over all records of the log. */
  eachRecord(visitor: RecordVisitor): void {
    if (this.types !== undefined) {
      this.pass(this.wal, visitor);
      return;
    }
    const types = new Set<number>();
    this.pass(this.wal, {
      wants: (type) => {
        types.add(type);
        return visitor.wants(type);
      },
      take: (record) => visitor.take(record),
    });
    this.types = types;
  }

  /** False where a pass has shown that the log has no record of this type. */
  mayHave(type: number): boolean {
    return this.types === undefined || this.types.has(type);
  }

  /** Passes over all records of the log of samples that came out of order; the other log has their series. */
  eachOutOfOrderRecord(visitor: RecordVisitor): void {
    this.pass(this.wbl, visitor);
  }

  close(): void {
    closeLog(this.wal);
    closeLog(this.wbl);
  }

  private pass(files: readonly LogFile[], visitor: RecordVisitor): void {
    const reader = new LogReader(files, 0, 0, (type) => visitor.wants(type));
    reader.each(
      (record) => visitor.take(record),
      (error) => this.report(error),
    );
  }

  private report(error: CorruptionError): void {
    if (this.onDamage === undefined) throw error;
    if (this.reported.has(error.message)) return;
    this.reported.add(error.message);
    this.onDamage(error);
  }
}
