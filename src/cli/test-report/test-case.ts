/** What commands that run tests have to report, whatever the tests are of. */

export interface TestCase {
  /** As it was named on the command line. */
  file: string;
  /** From 1. */
  line: number;
  /** What was tested: the query. */
  name: string;
  /** Null where the test passed. */
  failure: TestFailure | null;
  durationMs: number;
}

export interface TestFailure {
  /** What is wrong, in a sentence or several lines. */
  message: string;
  /** What was expected and what there was instead, line by line; both empty where that says nothing. */
  expected: readonly string[];
  got: readonly string[];
}

/** `add` for each test as soon as it has run, those of one file together; `end` once. */
export interface TestReport {
  add(test: TestCase): void;
  end(): void;
}
