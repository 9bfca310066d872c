/** A line on stderr that tells how far a long piece of work is; nothing where stderr is no terminal. */
import { isTerminal } from './terminal.ts';

const INTERVAL_MS = 100;
const BAR_CHARS = 24;

export class Progress {
  private readonly enabled: boolean;
  private last = 0;
  private shown = false;

  constructor(enabled: boolean = isTerminal(2)) {
    this.enabled = enabled;
  }

  /** `done` of `total` units of what `what` names. */
  update(what: string, done: number, total: number): void {
    if (!this.enabled) return;
    const now = performance.now();
    if (now - this.last < INTERVAL_MS) return;
    this.last = now;
    const part = total > 0 ? Math.min(done / total, 1) : 1;
    const full = Math.round(part * BAR_CHARS);
    const bar = '█'.repeat(full) + '░'.repeat(BAR_CHARS - full);
    this.write(`\r\x1b[K${bar} ${String(Math.floor(part * 100)).padStart(3)} % ${what}`);
    this.shown = true;
  }

  /** Takes the line away, so that other text can follow. */
  clear(): void {
    if (this.shown) this.write('\r\x1b[K');
    this.shown = false;
  }

  private write(text: string): void {
    process.stderr.write(text);
  }
}
