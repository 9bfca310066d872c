/** A canvas of braille characters: each cell is two dots wide and four high, and has the colour of its last line. */

/** Bit of each dot in U+2800's block, by row and column within the cell. */
const DOT_BITS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
];

export class BrailleCanvas {
  /** In dots. */
  readonly width: number;
  readonly height: number;
  private readonly columns: number;
  private readonly bits: Uint8Array;
  /** Number of the line that last touched each cell. */
  private readonly owner: Uint8Array;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.width = columns * 2;
    this.height = rows * 4;
    this.bits = new Uint8Array(columns * rows);
    this.owner = new Uint8Array(columns * rows);
  }

  /** Sets the dot at column `x`, row `y` from the top; outside the canvas it does nothing. */
  dot(x: number, y: number, line: number): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    const cell = (y >> 2) * this.columns + (x >> 1);
    this.bits[cell] |= DOT_BITS[y & 3][x & 1];
    this.owner[cell] = line;
  }

  /** A straight line of dots (Bresenham). */
  line(x0: number, y0: number, x1: number, y1: number, line: number): void {
    const dx = Math.abs(x1 - x0);
    const dy = -Math.abs(y1 - y0);
    const stepX = x0 < x1 ? 1 : -1;
    const stepY = y0 < y1 ? 1 : -1;
    let error = dx + dy;
    let x = x0;
    let y = y0;
    for (;;) {
      this.dot(x, y, line);
      if (x === x1 && y === y1) return;
      const twice = 2 * error;
      if (twice >= dy) {
        error += dy;
        x += stepX;
      }
      if (twice <= dx) {
        error += dx;
        y += stepY;
      }
    }
  }

  /** One row of cells as text; `paint` colours a run of cells that belong to one line. */
  row(row: number, paint: (text: string, line: number) => string): string {
    let out = '';
    let run = '';
    let runOwner = 0;
    for (let column = 0; column < this.columns; column++) {
      const cell = row * this.columns + column;
      const owner = this.bits[cell] === 0 ? runOwner : this.owner[cell];
      if (owner !== runOwner && run !== '') {
        out += paint(run, runOwner);
        run = '';
      }
      runOwner = owner;
      run += this.bits[cell] === 0 ? ' ' : String.fromCharCode(0x2800 + this.bits[cell]);
    }
    return out + paint(run, runOwner);
  }
}
