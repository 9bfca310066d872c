/**
 * Writes OpenMetrics text 1.0.0, which 0.0.1 equals
 * (https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md).
 *
 * Samples are written in the order in which they come: a scrape's are grouped as the specification wants them. In a
 * dump series by series the points of each series stay together, which is right for every type whose metric is one
 * series; for histograms and summaries, Prometheus and promtool take that order too, a strict reader does not.
 *
 * A counter's family loses its `_total`; one whose samples have no `_total` is declared `unknown`, because the format
 * has no counter without. A unit that does not end the family's name cannot be written either. Start timestamps of
 * counters, histograms and summaries become `_created` samples. Left out and counted: stale markers, native
 * histograms, series without a name, start timestamps of anything else, exemplars beyond the first of a sample or
 * longer than the format allows.
 */
import { type Exemplar, isExemplarTooLong } from '../model/exemplar.ts';
import {
  escapeText,
  type Header,
  LineWriter,
  type SeriesLine,
  writePair,
  writeValue,
} from './line-writer.ts';
import type { Family } from './series-table.ts';
import type { RowExtras } from './writer.ts';

export class OpenMetricsWriter extends LineWriter {
  end(): void {
    this.out.ascii('# EOF\n');
    this.forgetHeaders();
  }

  protected header(name: string, family: Family): Header | null {
    const base = baseName(family);
    const suffix = name.startsWith(base) ? name.slice(base.length) : undefined;
    if (suffix !== undefined && SUFFIXES[family.type].includes(suffix)) {
      const unit = family.unit !== '' && base.endsWith(`_${family.unit}`) ? family.unit : '';
      return { name: base, type: family.type, help: family.help, unit };
    }
    return name === family.name ? { name, type: 'unknown', help: family.help, unit: '' } : null;
  }

  protected writeHeader(header: Header): void {
    this.writeDescriptor('# HELP ', header.name, header.help === '' ? '' : escapeText(header.help, true));
    this.writeDescriptor('# TYPE ', header.name, header.type);
    this.writeDescriptor('# UNIT ', header.name, header.unit);
  }

  /**
   * Always with a fraction, by which the output is told from text with its milliseconds. Prometheus multiplies by 1000
   * and cuts off the rest; where that would lose a millisecond a tenth of one is added.
   */
  protected writeTime(t: number): void {
    const out = this.out;
    const magnitude = Math.abs(t);
    const seconds = Math.floor(magnitude / 1000);
    if (t < 0) out.ascii('-');
    out.integer(seconds);
    out.byte(POINT);
    out.thousandths(magnitude - seconds * 1000);
    if ((magnitude / 1000) * 1000 < magnitude) out.byte(DIGIT_ONE);
  }

  protected writeExtras(line: SeriesLine, t: number, extras: RowExtras): void {
    const { exemplars, st } = extras;
    let written = 0;
    for (const exemplar of exemplars) {
      if (written === 1 || isExemplarTooLong(exemplar)) {
        this.omitted.exemplars++;
        continue;
      }
      this.writeExemplar(exemplar);
      written = 1;
    }
    if (st === 0) return;
    const created = createdName(line);
    if (created === undefined) {
      // Buckets and sums share their metric's start, which stands after its count.
      if (!/^(?:histogram|gaugehistogram|summary)$/.test(line.header?.type ?? ''))
        this.omitted.startTimestamps++;
      return;
    }
    this.out.ascii('\n');
    this.writePrefix(this.out, line.labels, created, line.header);
    this.writeTime(st);
    if (Number.isNaN(t)) return;
    this.out.ascii(' ');
    this.writeTime(t);
  }

  private writeExemplar(exemplar: Exemplar): void {
    const out = this.out;
    out.ascii(' # {');
    const { names, values } = exemplar.labels;
    for (let i = 0; i < names.length; i++) {
      if (i > 0) out.ascii(',');
      writePair(out, names[i], values[i]);
    }
    out.ascii('} ');
    writeValue(out, exemplar.v);
    if (exemplar.t === undefined) return;
    out.ascii(' ');
    this.writeTime(exemplar.t);
  }

  private writeDescriptor(keyword: string, name: string, text: string): void {
    if (text === '') return;
    this.out.ascii(keyword);
    this.writeFamilyName(name);
    this.out.ascii(' ');
    this.out.utf8(text);
    this.out.ascii('\n');
  }
}

const POINT = 0x2e;
const DIGIT_ONE = 0x31;

/** What samples of each type add to their family's name. */
const SUFFIXES: Readonly<Record<Family['type'], readonly string[]>> = {
  counter: ['_total', '_created'],
  gauge: [''],
  histogram: ['_bucket', '_count', '_sum', '_created'],
  gaugehistogram: ['_bucket', '_gcount', '_gsum', '_count', '_sum'],
  summary: ['', '_count', '_sum', '_created'],
  info: ['_info'],
  stateset: [''],
  unknown: [''],
};

/** The family's name in OpenMetrics, which leaves out what every sample of the type has to add. */
function baseName(family: Family): string {
  if (family.type === 'counter') return family.name.replace(/_total$/, '');
  return family.type === 'info' ? family.name.replace(/_info$/, '') : family.name;
}

/** What the sample that says when this line's metric began is called; undefined after all lines but one. */
function createdName(line: SeriesLine): string | undefined {
  const header = line.header;
  if (header === null) return undefined;
  const created = `${header.name}_created`;
  if (header.type === 'counter') return line.name === `${header.name}_total` ? created : undefined;
  if (header.type !== 'histogram' && header.type !== 'summary') return undefined;
  return line.name === `${header.name}_count` ? created : undefined;
}
