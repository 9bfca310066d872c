/** The process that wal-kill.test.ts kills: appends one batch after another and says on stdout which are stored. */
import { writeSync } from 'node:fs';
import { systemClock } from '../../src/core/clock.ts';
import { labelsFromObject } from '../../src/core/model/index.ts';
import { LogAppender } from '../../src/core/tsdb/append/index.ts';

const [dir, first, base] = process.argv.slice(2);
const SERIES = 400;

const appender = new LogAppender(dir, { clock: systemClock, segmentBytes: 256 * 1024 });
for (const notice of appender.notices) process.stderr.write(`${notice}\n`);
for (let batch = Number(first); ; batch++) {
  const refs = new Uint32Array(SERIES + 1);
  for (let n = 0; n < SERIES; n++) refs[n] = appender.ref(labelsFromObject({ __name__: 'm', n: String(n) }));
  // One series is new in every batch.
  refs[SERIES] = appender.ref(labelsFromObject({ __name__: 'once', batch: String(batch) }));
  const ts = new Float64Array(refs.length).fill(Number(base) + batch);
  const vs = new Float64Array(refs.length).fill(batch);
  const ok = appender.append(refs, ts, vs, 0, refs.length, new Uint8Array(refs.length));
  appender.commit();
  if (ok !== refs.length) throw new Error(`batch ${batch}: ${ok} of ${refs.length} samples`);
  writeSync(1, `${batch}\n`);
  // Now and then a whole life ends well, so that the table is written.
  if (batch % 97 === 96) {
    appender.close();
    process.exit(0);
  }
}
