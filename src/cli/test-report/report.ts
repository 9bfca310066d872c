/** The forms in which the outcome of tests is printed. */
import type { Output } from '../output.ts';
import type { Painter } from '../paint.ts';
import { GitHubReport } from './github.ts';
import { JsonReport } from './json.ts';
import { JUnitReport } from './junit.ts';
import { TapReport } from './tap.ts';
import type { TestReport } from './test-case.ts';
import { TextReport } from './text.ts';

export const REPORT_FORMATS = ['text', 'tap', 'junit', 'json', 'github'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

export function createReport(format: ReportFormat, output: Output, paint: Painter): TestReport {
  switch (format) {
    case 'text':
      return new TextReport(output, paint);
    case 'tap':
      return new TapReport(output);
    case 'junit':
      return new JUnitReport(output);
    case 'json':
      return new JsonReport(output);
    case 'github':
      return new GitHubReport(output);
  }
}
