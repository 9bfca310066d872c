/** Annotations of a GitHub workflow, one for each failure, at its line. */
import { githubAnnotation } from '../github.ts';
import type { Output } from '../output.ts';
import { changedLines } from './diff.ts';
import type { TestCase, TestReport } from './test-case.ts';

export class GitHubReport implements TestReport {
  private readonly output: Output;

  constructor(output: Output) {
    this.output = output;
  }

  add({ file, line, name, failure }: TestCase): void {
    if (failure === null) return;
    const changes = changedLines(failure).map(({ sign, text }) => `${sign} ${text}`);
    // The name of an eval is its query, which the message has, too.
    const message = [
      failure.message.includes(name) ? failure.message : `${name}: ${failure.message}`,
      ...changes,
    ];
    this.output.line(githubAnnotation('error', { file, line }, message.join('\n')));
  }

  end(): void {
    this.output.flush();
  }
}
