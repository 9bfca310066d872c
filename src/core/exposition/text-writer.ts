/**
 * Writes Prometheus' text format, version 0.0.4, or 1.0.0 where a name needs quotes
 * (https://prometheus.io/docs/instrumenting/exposition_formats/).
 *
 * What it cannot carry is left out and counted: stale markers, native histograms, exemplars, start timestamps, and
 * series without a name. Units are left out, and the types that only OpenMetrics has become what they are made of:
 * `info` and `stateset` gauges, a `gaugehistogram` a histogram, `_created`, `_gsum` and `_gcount` gauges of their own.
 * A header is written before the first sample it describes and again only when it changes, so that several scrapes in
 * a row still are one valid exposition.
 */
import { escapeText, type Header, LineWriter, type SeriesLine } from './line-writer.ts';
import type { Family } from './series-table.ts';
import type { RowExtras } from './writer.ts';

export class TextWriter extends LineWriter {
  end(): void {}

  protected header(name: string, family: Family): Header | null {
    const suffix = name.startsWith(family.name) ? name.slice(family.name.length) : undefined;
    const headed = (as: string, type: string): Header => ({ name: as, type, help: family.help, unit: '' });
    if (suffix === '_created' || name === `${family.name.replace(/_total$/, '')}_created`) {
      return headed(name, 'gauge');
    }
    switch (family.type) {
      case 'counter':
        return suffix === '' || suffix === '_total' ? headed(name, 'counter') : null;
      case 'histogram':
        return isOneOf(suffix, '_bucket', '_sum', '_count') ? headed(family.name, 'histogram') : null;
      case 'gaugehistogram':
        if (isOneOf(suffix, '_gsum', '_gcount')) return headed(name, 'gauge');
        return isOneOf(suffix, '_bucket', '_sum', '_count') ? headed(family.name, 'histogram') : null;
      case 'summary':
        return isOneOf(suffix, '', '_sum', '_count') ? headed(family.name, 'summary') : null;
      case 'info':
        return isOneOf(suffix, '', '_info') ? headed(name, 'gauge') : null;
      case 'gauge':
      case 'stateset':
        return suffix === '' ? headed(name, 'gauge') : null;
      case 'unknown':
        return suffix === '' ? headed(name, 'untyped') : null;
    }
  }

  protected writeHeader(header: Header): void {
    const out = this.out;
    if (header.help !== '') {
      out.ascii('# HELP ');
      this.writeFamilyName(header.name);
      out.ascii(' ');
      out.utf8(escapeText(header.help, false));
      out.ascii('\n');
    }
    out.ascii('# TYPE ');
    this.writeFamilyName(header.name);
    out.ascii(` ${header.type}\n`);
  }

  protected writeTime(t: number): void {
    this.out.integer(t);
  }

  protected writeExtras(_line: SeriesLine, _t: number, extras: RowExtras): void {
    this.omitted.exemplars += extras.exemplars.length;
    if (extras.st !== 0) this.omitted.startTimestamps++;
  }
}

export function isOneOf(text: string | undefined, ...choices: string[]): boolean {
  return text !== undefined && choices.includes(text);
}
