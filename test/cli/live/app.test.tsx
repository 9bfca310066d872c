/** The live view as it looks: rendered to a terminal that is none, with a worker that answers from a table. */
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { render } from 'ink';
import { afterEach, expect, it, vi } from 'vitest';
import { App, type AppProps } from '../../../src/cli/live/app.tsx';
import { History } from '../../../src/cli/live/history.ts';
import type { Job } from '../../../src/cli/live/protocol.ts';
import type { QueryClient } from '../../../src/cli/live/query-client.ts';
import { painter } from '../../../src/cli/paint.ts';
import { DEFAULT_PARSER_OPTIONS } from '../../../src/core/promql/parser/index.ts';

class Screen extends EventEmitter {
  columns = 70;
  rows = 20;
  isTTY = true;
  frame = '';
  write(text: string, written?: () => void): boolean {
    if (text !== '') this.frame = text;
    written?.();
    return true;
  }
}

class Keyboard extends PassThrough {
  isTTY = true;
  setRawMode(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}

const HOUR = 3_600_000;
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** Two points for every query; the second series shows the query itself. */
function answerTo(job: Job): unknown {
  switch (job.kind) {
    case 'metrics':
      return [
        { name: 'node_load1', type: 'gauge', help: 'The load.' },
        { name: 'node_load5', type: 'gauge', help: '' },
      ];
    case 'labels':
      return ['__name__', 'instance', 'job'];
    case 'values':
      return ['a', 'b'];
    case 'latest':
      return 0;
    case 'query': {
      if (job.query === 'bad') throw new Error('no such thing\n  bad\n  ^^^');
      const { times } = job;
      const t = times.kind === 'instant' ? [times.t] : [times.start, times.end];
      const series = ['x', 'y'].map((name) => ({
        names: ['name'],
        values: [name],
        t: Float64Array.from(t),
        v: Float64Array.from(t, (_, i) => i + 1),
        histograms: null,
      }));
      const value = { type: times.kind === 'instant' ? 'vector' : 'matrix', series };
      return { value, warnings: job.query === 'warned' ? ['beware'] : [], infos: [], tookMs: 3 };
    }
  }
}

function start(props: Partial<AppProps> = {}) {
  const jobs: Job[] = [];
  const client = {
    ask: async (job: Job) => {
      jobs.push(job);
      return answerTo(job);
    },
    cancelQueries: () => {},
  } as unknown as QueryClient;
  const screen = new Screen();
  const keyboard = new Keyboard();
  const onInterrupt = vi.fn();
  const instance = render(
    <App
      client={client}
      query="up"
      window={{ spanMs: HOUR, end: null }}
      stepMs={undefined}
      intervalMs={60_000}
      parser={DEFAULT_PARSER_OPTIONS}
      history={new History('/nowhere/at/all')}
      sources="data"
      paint={painter('never', false)}
      onInterrupt={onInterrupt}
      {...props}
    />,
    {
      stdout: screen as unknown as NodeJS.WriteStream,
      stdin: keyboard as unknown as NodeJS.ReadStream,
      debug: true,
      patchConsole: false,
      exitOnCtrlC: false,
    },
  );
  ends.push(() => instance.unmount());
  const see = (...texts: (string | RegExp)[]) =>
    vi.waitFor(() => {
      for (const text of texts)
        expect(screen.frame).toMatch(typeof text === 'string' ? literally(text) : text);
    });
  const press = async (...keys: string[]) => {
    for (const key of keys) {
      keyboard.write(key);
      // A lone escape is told from the beginning of an arrow key by what comes soon after it.
      await new Promise((resolve) => setTimeout(resolve, key === ESCAPE ? 150 : 30));
    }
  };
  return { see, press, jobs, screen, instance, onInterrupt };
}

function literally(text: string): RegExp {
  return new RegExp(text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
}

const ESCAPE = '\x1b';
const [UP, DOWN, LEFT] = ['\x1b[A', '\x1b[B', '\x1b[D'];

it('shows a graph above a table, within the terminal', async () => {
  const { see, screen } = start();
  await see(
    '1h to now',
    '> up',
    /[\u2801-\u28ff]/,
    /name +value\nx +1\ny +1\n2 series/,
    / \d+ ms$/m,
    'q quit',
  );
  const lines = screen.frame.trimEnd().split('\n');
  expect(lines.length).toBeLessThan(20);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(70);
});

it('pans and zooms', async () => {
  const { see, press, jobs } = start();
  await see('2 series');
  await press('-');
  await see('2h to now');
  await press(LEFT);
  await see(/2h to \d{4}-/);
  await press('0', '++');
  await see('30m to now');
  await vi.waitFor(() => {
    const last = jobs.findLast((job) => job.kind === 'query' && job.times.kind === 'range');
    if (last?.kind !== 'query' || last.times.kind !== 'range') throw new Error('nothing was asked');
    expect(last.times.end - last.times.start).toBe(HOUR / 2);
  });
});

it('shows the graph alone, or the table alone', async () => {
  const { see, press, screen } = start();
  await see('2 series');
  await press('v');
  await vi.waitFor(() => expect(screen.frame).not.toContain('2 series'));
  await press('v');
  await see('2 series');
  expect(screen.frame).not.toMatch(/[\u2801-\u28ff]/);
});

it('completes what is written, and runs it', async () => {
  const { see, press, jobs } = start({ query: '' });
  await see('Tab complete');
  await press('nod');
  await see('node_load1', 'gauge  The load.', 'node_load5');
  await press(DOWN, '\t');
  await see('> node_load5');
  await press('{jo');
  await see(/^ job/m);
  await press('\t', '="');
  await see(/^ a/m, /^ b/m);
  await press('\t', '}', '\r');
  await see('> node_load5{job="a"}', 'q quit', '2 series');
  expect(jobs).toContainEqual(expect.objectContaining({ kind: 'query', query: 'node_load5{job="a"}' }));
});

it('takes what is typed faster than it is read, and what is pasted', async () => {
  const { see, press } = start();
  await see('2 series');
  await press('e\x15sum(x)\x01-\r');
  await see('> -sum(x)', 'q quit');
  await press('e', '\x15', 'a +\n  b\n + c');
  await see('> a + b + c', 'Enter run');
});

it('goes back in the history, and forth to what was being written', async () => {
  const { see, press } = start({ query: '' });
  await see('Tab complete');
  await press('1', '\r');
  await see('q quit');
  await press('e', '\x15', '2', '\r');
  await see('> 2');
  await press('e', '\x15', '3', UP, UP);
  await see('> 1');
  await press(DOWN, DOWN);
  await see('> 3');
});

it('goes back to what was run before what the line still says', async () => {
  const { see, press } = start({ query: '' });
  await see('Tab complete');
  await press('1', '\r');
  await see('q quit');
  await press('e', '\x15', '2', '\r');
  await see('> 2');
  await press('e', UP);
  await see('> 1');
  await press(DOWN);
  await see('> 2');
});

it('says what is wrong with an expression while it is written, and why a query failed', async () => {
  const { see, press } = start({ query: 'bad' });
  await see('no such thing', '^^^');
  await press('e', '(');
  await see('unclosed left parenthesis (add a ))');
});

it('shows warnings', async () => {
  const { see } = start({ query: 'warned' });
  await see('beware');
});

it('leaves with q, and is interrupted with Ctrl-C also while one writes', async () => {
  const { see, press, instance, onInterrupt } = start();
  await see('q quit');
  await press('e', 'q');
  await see('> upq');
  await press('\x03');
  expect(onInterrupt).toHaveBeenCalledOnce();
  const left = instance.waitUntilExit();
  await press(ESCAPE, ESCAPE, 'q');
  await left;
});

it('takes the size of its terminal', async () => {
  const { see, screen } = start();
  await see('2 series');
  screen.columns = 30;
  screen.rows = 12;
  screen.emit('resize');
  await vi.waitFor(() => {
    const lines = screen.frame.trimEnd().split('\n');
    expect(lines.length).toBeLessThan(12);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(30);
  });
});
