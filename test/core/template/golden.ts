/** What promtool makes of many templates: see test/testdata/template/README.md. */
import { readFileSync } from 'node:fs';

export interface GoldenTemplate {
  template: string;
  /** What the template makes, or the template's error. */
  text?: string;
  /** Why it cannot be parsed. */
  refused?: string;
}

/** In messages, the alert is called `T`. */
export function goldenTemplates(): GoldenTemplate[] {
  return JSON.parse(readFileSync('test/testdata/template/golden.json', 'utf8')) as GoldenTemplate[];
}

/** The series that all of them are expanded for, and the rest of what they see. */
export const GOLDEN_LABELS = {
  __name__: 'm',
  i: '1',
  instance: 'h1.example.com:9100',
  job: 'node',
  q: `a"b<c>&'\\`,
};
export const GOLDEN_EXTERNAL_LABELS = { cluster: 'a b', ext: 'E' };
export const GOLDEN_URL = 'http://ex.org:9090/pre/fix';
export const GOLDEN_VALUE = 5.25;
