/** Analyses a selection of series by their labels alone, from wherever they come: several blocks, a log, a server. */
import type { Labels } from '../../model/index.ts';
import { Analysis } from './analysis.ts';
import { LabelTally } from './label-tally.ts';

/** Series between two places where others may work. */
const STEP = 2048;

/** The shape of `SeriesSet` in source/source.ts. */
export interface LabelSets {
  readonly length: number;
  labels(i: number): Labels;
}

/** `subject` is what is selected, in words; [mint, maxt] is when, ms. In steps of some milliseconds. */
export function* analyzeLabels(
  subject: string,
  set: LabelSets,
  range: { mint: number; maxt: number },
  progress?: (seriesDone: number, seriesTotal: number) => void,
): Generator<void, Analysis> {
  const tally = new LabelTally();
  const numbers = new Map<string, number>();
  const texts: string[] = [];
  const numberOf = (text: string): number => {
    let number = numbers.get(text);
    if (number === undefined) {
      number = texts.push(text) - 1;
      numbers.set(text, number);
    }
    return number;
  };
  let symbols = new Uint32Array(64);
  for (let i = 0; i < set.length; i++) {
    const { names, values } = set.labels(i);
    if (names.length * 2 > symbols.length) symbols = new Uint32Array(names.length * 4);
    for (let k = 0; k < names.length; k++) {
      symbols[2 * k] = numberOf(names[k]);
      symbols[2 * k + 1] = numberOf(values[k]);
    }
    tally.add(symbols, names.length);
    if ((i + 1) % STEP !== 0) continue;
    progress?.(i + 1, set.length);
    yield;
  }
  const valueBytes = (symbol: number) => Buffer.byteLength(texts[symbol]);
  return new Analysis(subject, { ...range }, tally, (symbol) => texts[symbol], valueBytes);
}
