/** What is found wrong with a block, and how damage that is met becomes a finding. */
import { InputError } from '../../errors.ts';
import type { Labels } from '../../model/index.ts';

export interface Finding {
  /** `error`: samples or series are lost or wrong. `warning`: something is not as it should be, but all is readable. */
  severity: 'error' | 'warning';
  /** Stable, for programs. */
  code:
    | 'meta'
    | 'index'
    | 'symbols'
    | 'postings'
    | 'series'
    | 'chunk'
    | 'chunk-range'
    | 'chunk-order'
    | 'unused-bytes'
    | 'tombstones'
    | 'stats';
  file: string;
  offset?: number;
  /** The series it is about. */
  series?: string;
  message: string;
}

export class Findings {
  readonly all: Finding[] = [];
  /** Places where reading failed: many series may need what lies there. */
  private readonly told = new Set<string>();

  /** Runs a part of a search, and turns damage that stops it into a finding. */
  attempt<T>(
    code: Finding['code'],
    file: string,
    part: () => T,
    series?: Labels,
    offset?: number,
  ): T | undefined {
    try {
      return part();
    } catch (error) {
      const systemError = (error as NodeJS.ErrnoException).code !== undefined && error instanceof Error;
      if (!(error instanceof InputError) && !systemError) throw error;
      const place = error instanceof InputError ? error.place : {};
      const at = place.offset ?? offset;
      const where = place.file ?? file;
      const message =
        error instanceof InputError ? error.reason : systemReason(error as NodeJS.ErrnoException);
      const key = `${where} ${at} ${message}`;
      if (this.told.has(key)) return undefined;
      this.told.add(key);
      this.all.push({
        severity: 'error',
        code,
        file: where,
        ...(at !== undefined && { offset: at }),
        ...(series !== undefined && { series: series.toString() }),
        message,
      });
      return undefined;
    }
  }

  get hasError(): boolean {
    return this.all.some(({ severity }) => severity === 'error');
  }

  error(code: Finding['code'], file: string, message: string, series?: Labels): void {
    this.all.push({
      severity: 'error',
      code,
      file,
      message,
      ...(series && { series: series.toString() }),
    });
  }

  warn(code: Finding['code'], file: string, message: string): void {
    this.all.push({ severity: 'warning', code, file, message });
  }
}

function systemReason({ code, message }: NodeJS.ErrnoException): string {
  return code === 'ENOENT' ? 'is not there' : message;
}
