import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/core/clock.ts';
import { Schedule } from '../../../src/core/scrape/index.ts';

/** A clock that jumps to the end of every sleep, plus `lateMs`. */
class JumpingClock implements Clock {
  time: number;
  lateMs = 0;
  readonly sleeps: number[] = [];

  constructor(time: number) {
    this.time = time;
  }

  now(): number {
    return this.time;
  }

  monotonic(): number {
    return this.time;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.sleeps.push(ms);
    this.time += ms + this.lateMs;
  }
}

async function time(schedule: Schedule): Promise<number> {
  return schedule.timeOf(await schedule.tick());
}

describe('a schedule', () => {
  it('starts now and then ticks at the interval, without drift', async () => {
    const clock = new JumpingClock(1234);
    const schedule = new Schedule(clock, 1000, false);
    const times: number[] = [];
    clock.lateMs = 1;
    for (let i = 0; i < 4; i++) {
      times.push(await time(schedule));
      clock.time += 100;
    }
    expect(times).toEqual([1234, 2234, 3234, 4234]);
  });

  it('starts on a multiple of the interval when it is to be aligned', async () => {
    const schedule = new Schedule(new JumpingClock(1234), 1000, true);
    expect(await schedule.tick()).toEqual({ due: 2000, skipped: 0 });
    expect(await schedule.tick()).toEqual({ due: 3000, skipped: 0 });
  });

  it('tells the true time where it is late', async () => {
    const clock = new JumpingClock(0);
    const schedule = new Schedule(clock, 1000, false);
    await schedule.tick();
    clock.lateMs = 3;
    expect(await time(schedule)).toBe(1003);
  });

  it('skips the ticks that passed while a scrape was running, and says how many', async () => {
    const clock = new JumpingClock(0);
    const schedule = new Schedule(clock, 1000, false);
    await schedule.tick();
    clock.time = 3500;
    expect(await schedule.tick()).toEqual({ due: 4000, skipped: 3 });
    expect(await schedule.tick()).toEqual({ due: 5000, skipped: 0 });
  });

  it('makes up for a tick that passed just now', async () => {
    const clock = new JumpingClock(0);
    const schedule = new Schedule(clock, 1000, false);
    await schedule.tick();
    clock.time = 1050;
    const tick = await schedule.tick();
    expect(tick).toEqual({ due: 1000, skipped: 0 });
    expect(schedule.timeOf(tick)).toBe(1050);
    expect(await time(schedule)).toBe(2000);
  });

  it('goes on when somebody sets the clock back', async () => {
    const clock = new JumpingClock(100_000);
    const schedule = new Schedule(clock, 1000, false);
    await schedule.tick();
    clock.time = 5000;
    expect(await time(schedule)).toBe(5000);
    expect(await time(schedule)).toBe(6000);
  });

  it('rejects when the signal aborts', async () => {
    const schedule = new Schedule(new JumpingClock(0), 1000, false);
    await schedule.tick();
    const reason = new Error('enough');
    await expect(schedule.tick(AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
