/**
 * tsmon and the real Prometheus take turns on one data directory, in either order: alerts that one of them left pending
 * or firing go on in the other as they would have in itself.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { directory, RunningServer } from '../commands/serve/running.ts';
import { describeWith, peer } from '../peers.ts';
import { RealPrometheus } from './prometheus.ts';

const GRACE_S = 4;
/** When the conditions of `Kept` and `KeptLong` cease to hold, in seconds after the first start. */
const CONDITION_ENDS_S = 8;
const FIRST_TURN_S = 14;
const AWAY_S = 6;
const LATER_TURN_S = 9;

const CONFIG = 'global: {evaluation_interval: 1s}\nrule_files: [rules.yml]\n';

/** Their conditions hold throughout, except for the last two. */
const rules = (startS: number) => `groups:
- name: g
  rules:
  - {alert: Fired, expr: 'vector(1)', for: 6s}
  - {alert: Nearly, expr: 'vector(1)', for: 15s}
  - {alert: Far, expr: 'vector(1)', for: 1h, labels: {a: b}}
  - {alert: Short, expr: 'vector(1)', for: 2s}
  - {alert: Kept, expr: 'vector(time()) < ${startS + CONDITION_ENDS_S}', keep_firing_for: 1h}
  - {alert: KeptLong, expr: 'vector(time()) < ${startS + CONDITION_ENDS_S}', for: 5s, keep_firing_for: 1h}
`;

interface ShownAlert {
  labels: Record<string, string>;
  state: 'pending' | 'firing';
  activeAt: string;
}

/** What a turn showed at its end: by alert, its state and since when it is active, seconds. */
type Shown = Map<string, { state: string; activeAt: number }>;

type Program = 'prometheus' | 'tsmon';

/** The program runs for so long, and is stopped; `tolerance` is how long nobody may have looked. */
async function turn(program: Program, dir: string, seconds: number, tolerance: string): Promise<Shown> {
  const flags = [
    `--rules.alert.for-grace-period=${GRACE_S}s`,
    `--rules.alert.for-outage-tolerance=${tolerance}`,
  ];
  if (program === 'prometheus') {
    const server = await RealPrometheus.start(peer('prometheus')!, dir, CONFIG, flags);
    await sleep(seconds * 1000);
    const { alerts } = (await server.get('alerts')) as { alerts: ShownAlert[] };
    await server.stop();
    return shown(alerts);
  }
  const server = new RunningServer(dir, ['--config', 'prometheus.yml', ...flags]);
  await server.url();
  await sleep(seconds * 1000);
  const { alerts } = (await server.api('alerts')) as { alerts: ShownAlert[] };
  expect(await server.end('SIGTERM')).toBe(0);
  return shown(alerts);
}

function shown(alerts: readonly ShownAlert[]): Shown {
  return new Map(
    alerts.map(({ labels, state, activeAt }) => [
      labels.alertname,
      { state, activeAt: Date.parse(activeAt) / 1000 },
    ]),
  );
}

/** Seconds by which two times may differ: a program starts, and restores alerts at its second evaluation. */
const SLACK_S = 4;

async function takeTurns(programs: readonly [Program, Program, Program]): Promise<void> {
  const startS = Math.ceil(Date.now() / 1000) + 1;
  const dir = directory({ 'rules.yml': rules(startS), 'prometheus.yml': CONFIG });

  const first = await turn(programs[0], dir, FIRST_TURN_S, '1h');
  const stoppedS = Date.now() / 1000;
  expect(first.get('Fired')!.state).toBe('firing');
  expect(first.get('Far')!.state).toBe('pending');
  // Neither condition holds any more.
  expect(first.get('Kept')!.state).toBe('firing');
  expect(first.get('KeptLong')!.state).toBe('firing');

  await sleep(AWAY_S * 1000);
  const backS = Date.now() / 1000;
  const second = await turn(programs[1], dir, LATER_TURN_S, '1h');
  const near = (name: string, activeAt: number) =>
    expect(
      Math.abs(second.get(name)!.activeAt - activeAt),
      `${name} in ${programs[1]} after ${programs[0]}`,
    ).toBeLessThan(SLACK_S);
  near('Fired', first.get('Fired')!.activeAt);
  expect(second.get('Fired')!.state).toBe('firing');
  // The time that nobody was looking does not count.
  near('Far', first.get('Far')!.activeAt + (backS - stoppedS));
  expect(second.get('Far')!.state).toBe('pending');
  // It had less than the grace period to go, and gets all of it.
  near('Nearly', backS + GRACE_S - 15);
  expect(second.get('Nearly')!.state).toBe('firing');
  // What waits for less than the grace period begins anew.
  expect(second.get('Short')!.activeAt).toBeGreaterThan(backS - 1);
  // Nobody knows of what was only kept firing.
  expect(second.has('Kept')).toBe(false);
  expect(second.has('KeptLong')).toBe(false);

  // Away for longer than is tolerated: everything begins anew.
  await sleep(AWAY_S * 1000);
  const lateS = Date.now() / 1000;
  const third = await turn(programs[2], dir, 4, '1s');
  for (const name of ['Fired', 'Nearly', 'Far', 'Short']) {
    expect(third.get(name)!.activeAt, `${name} in ${programs[2]}`).toBeGreaterThan(lateS - 1);
  }
}

describeWith('alerts of one program in the other', { prometheus: peer('prometheus') }, () => {
  it('go on, whoever comes first', async () => {
    await Promise.all([
      takeTurns(['prometheus', 'tsmon', 'prometheus']),
      takeTurns(['tsmon', 'prometheus', 'tsmon']),
    ]);
  }, 120_000);
});
