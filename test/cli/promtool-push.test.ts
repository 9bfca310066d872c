import { expect, it } from 'vitest';
import { writeRequestOf } from '../../src/cli/promtool-push.ts';
import { snappyDecompress } from '../../src/core/encoding/snappy.ts';
import { decodeWriteV1 } from '../../src/core/remote/write-codec.ts';

/** The series of a request, as lines. */
function sent(text: string, labels: [string, string][] = []): string[] {
  const body = writeRequestOf(Buffer.from(text), labels, 1000);
  const message = snappyDecompress(body, 1e6);
  const lines: string[] = [];
  decodeWriteV1(message, ({ labels: pairs, samples }) => {
    lines.push(`${pairs.map((pair) => pair.join('=')).join()} ${samples.v[0]}@${samples.t[0]}`);
  });
  return lines;
}

it('writes bounds and quantiles as numbers are printed, and other labels as they are', () => {
  const text = `# TYPE h histogram
h_bucket{le="1"} 1
h_bucket{le="1000000"} 1
h_bucket{le="+Inf"} 2
h_count 2
# TYPE s summary
s{quantile="1"} 4
# TYPE g gauge
g{le="1.0"} 5 7
`;
  expect(sent(text, [['job', 'j']])).toEqual([
    '__name__=h_bucket,job=j,le=1 1@1000',
    '__name__=h_bucket,job=j,le=1e+06 1@1000',
    '__name__=h_bucket,job=j,le=+Inf 2@1000',
    '__name__=h_count,job=j 2@1000',
    '__name__=s,job=j,quantile=1 4@1000',
    '__name__=g,job=j,le=1.0 5@7',
  ]);
});
