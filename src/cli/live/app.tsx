/**
 * The live view: an expression that can be edited with completion and history, and its answer as a graph and a table
 * that follow the clock. While one writes, keys write; after Esc they move through time.
 */
import { Box, type Key, Text, useApp, useInput, useStdout } from 'ink';
import { type ReactElement, useEffect, useMemo, useState } from 'react';
import { formatDuration } from '../../core/model/duration.ts';
import { type ParserOptions, PromQLSyntaxError, parseQuery } from '../../core/promql/parser/index.ts';
import { clip } from '../display-width.ts';
import type { Painter } from '../paint.ts';
import { bodyLines, type View } from './body.ts';
import { Candidates } from './candidates.ts';
import { CompletionList, MOST_SHOWN } from './completion-list.tsx';
import type { History } from './history.ts';
import { type EditKey, editKey, typedKeys } from './keys.ts';
import { EMPTY_LINE, type Line, lineOf, replace } from './line-editor.ts';
import type { QueryClient } from './query-client.ts';
import { panned, type TimeWindow, zoomed } from './time-window.ts';
import { useCompletion } from './use-completion.ts';
import { useLatest } from './use-latest.ts';
import { useQuery } from './use-query.ts';

export interface AppProps {
  client: QueryClient;
  query: string;
  window: TimeWindow;
  stepMs: number | undefined;
  intervalMs: number;
  parser: ParserOptions;
  history: History;
  /** Where the data is from, for the title. */
  sources: string;
  paint: Painter;
  /** Ctrl-C. */
  onInterrupt: () => void;
}

const VIEWS: readonly View[] = ['both', 'graph', 'table'];

export function App(props: AppProps): ReactElement {
  const { client, history, parser, paint } = props;
  const { exit } = useApp();
  const { width, height } = useTerminalSize();
  const [line, setLine, lineNow] = useLatest<Line>(lineOf(props.query));
  const [query, setQuery, queryNow] = useLatest(props.query);
  const [writing, setWriting, writingNow] = useLatest(props.query === '');
  const [asked, setAsked] = useState(false);
  const [window, setWindow] = useState(props.window);
  const [view, setView] = useState<View>('both');
  const [scroll, setScroll] = useState(0);
  /** Entries of the history that were gone back, and what was being written before. */
  const [, setBack, backNow] = useLatest({ steps: 0, draft: EMPTY_LINE });
  const candidates = useMemo(() => new Candidates(client), [client]);
  const completions = useCompletion(candidates, writing ? line : null, asked);
  const { stepMs, intervalMs } = props;
  const live = { query, window, columns: width, stepMs, intervalMs, parser };
  const { answer, busy, refresh } = useQuery(client, live);

  const write = (next: Line) => {
    setLine(next);
    setAsked(false);
  };
  const run = () => {
    const text = lineNow.current.text.trim();
    completions.close();
    if (text === '') return;
    history.add(text);
    candidates.refresh();
    setBack({ steps: 0, draft: EMPTY_LINE });
    setScroll(0);
    setWriting(false);
    if (text === queryNow.current) refresh();
    else setQuery(text);
  };
  const recall = (step: 1 | -1) => {
    const { steps, draft } = backNow.current;
    const written = steps === 0 ? lineNow.current : draft;
    const textAt = (back: number) => (back === 0 ? written.text : history.at(back));
    let next = steps + step;
    // What was run last is still in the line: it would look as if the key did nothing.
    while (textAt(next) === lineNow.current.text) next += step;
    next = Math.max(0, Math.min(history.length, next));
    setBack({ steps: next, draft: written });
    write(next === 0 ? written : lineOf(history.at(next) ?? ''));
  };
  const accept = () => {
    const completion = completions.current();
    if (completion === null) {
      setAsked(true);
      return;
    }
    const { text } = completion.candidates[completion.chosen];
    const { from, closing } = completion;
    completions.close();
    write(replace(lineNow.current, from, lineNow.current.cursor, text + closing));
  };

  const whileWriting = (key: EditKey) => {
    const listed = completions.current() !== null;
    switch (key.does) {
      case 'edit':
        // What was listed is of another word now.
        completions.close();
        write(key.apply(lineNow.current));
        return;
      case 'run':
        run();
        return;
      case 'complete':
        accept();
        return;
      case 'up':
      case 'down':
        if (listed) completions.choose(key.does === 'up' ? -1 : 1);
        else recall(key.does === 'up' ? 1 : -1);
        return;
      case 'older':
        recall(1);
        return;
      case 'newer':
        recall(-1);
        return;
      case 'leave':
        if (listed) completions.close();
        else setWriting(false);
        return;
      case 'nothing':
    }
  };
  const whileWatching = (input: string, key: Key) => {
    const now = Date.now();
    if (key.leftArrow) setWindow((shown) => panned(shown, -1, now));
    else if (key.rightArrow) setWindow((shown) => panned(shown, 1, now));
    else if (key.downArrow) scrollBy(1);
    else if (key.upArrow) scrollBy(-1);
    else if (key.pageDown) scrollBy(10);
    else if (key.pageUp) scrollBy(-10);
    else if (key.tab) nextView();
    else if (key.return) setWriting(true);
    else {
      // A key that is held down comes several times at once.
      for (let i = 0; i < input.length; i++) {
        watchKeys[input[i]]?.(now);
        if (!writingNow.current) continue;
        type(input.slice(i + 1));
        return;
      }
    }
  };
  const type = (input: string) => {
    for (const [text, key] of typedKeys(input)) whileWriting(editKey(text, key));
  };
  const scrollBy = (lines: number) => setScroll((from) => Math.max(0, from + lines));
  const nextView = () => setView((shown) => VIEWS[(VIEWS.indexOf(shown) + 1) % VIEWS.length]);
  const startWriting = () => setWriting(true);
  const watchKeys: Readonly<Record<string, (now: number) => void>> = {
    q: () => exit(),
    h: (now) => setWindow((shown) => panned(shown, -1, now)),
    l: (now) => setWindow((shown) => panned(shown, 1, now)),
    '+': (now) => setWindow((shown) => zoomed(shown, 'in', now)),
    '=': (now) => setWindow((shown) => zoomed(shown, 'in', now)),
    '-': (now) => setWindow((shown) => zoomed(shown, 'out', now)),
    '0': () => setWindow((shown) => ({ ...shown, end: null })),
    j: () => scrollBy(1),
    k: () => scrollBy(-1),
    v: nextView,
    r: refresh,
    e: startWriting,
    i: startWriting,
    '/': startWriting,
  };
  useInput((input, key) => {
    if (key.ctrl && input === 'c') props.onInterrupt();
    else if (!writingNow.current) whileWatching(input, key);
    else if (input.length > 1) type(input);
    else whileWriting(editKey(input, key));
  });

  const fault = writing ? faultOf(line.text, parser) : '';
  const note = fault !== '' ? fault : (answer?.notes[0] ?? '');
  const { completion } = completions;
  const listed = completion === null ? 0 : Math.min(MOST_SHOWN, completion.candidates.length);
  const rows = expressionRows(line, width, Math.max(1, Math.floor(height / 4)));
  // Title, expression, note, list, and the line with the keys; the rest is the answer's.
  const bodyHeight = Math.max(1, height - 1 - rows.length - 1 - listed - 1);
  const body = answer === null ? [] : bodyLines(answer, { view, width, height: bodyHeight, scroll, paint });
  return (
    <Box flexDirection="column" width={width} height={height}>
      <Text wrap="truncate">{titleText(props.sources, window, busy, answer?.tookMs, paint, width)}</Text>
      <Expression rows={rows} cursor={writing ? PROMPT.length + line.cursor : null} />
      <Text wrap="truncate" color="yellow">
        {clip(note, width) || ' '}
      </Text>
      {completion !== null && <CompletionList completion={completion} width={width} />}
      <Box flexDirection="column" height={bodyHeight} overflow="hidden">
        <Text wrap="truncate">{body.join('\n')}</Text>
      </Box>
      <Text wrap="truncate" dimColor>
        {writing ? WRITING_KEYS : WATCHING_KEYS}
      </Text>
    </Box>
  );
}

const WRITING_KEYS = 'Enter run · Tab complete · ↑↓ history · Esc watch · Ctrl-C quit';
const WATCHING_KEYS = 'q quit · e edit · ←→ pan · +- zoom · 0 now · v view · ↑↓ scroll · r refresh';

const PROMPT = '> ';

interface ExpressionRow {
  text: string;
  /** Where it begins, counted from the prompt's first character. */
  start: number;
}

/**
 * The expression behind its prompt, cut into rows of the terminal's width, with room for the cursor at its end. Of a
 * long one there are the `most` rows around the cursor.
 */
function expressionRows({ text, cursor }: Line, width: number, most: number): ExpressionRow[] {
  const whole = `${PROMPT}${text} `;
  const count = Math.ceil(whole.length / width);
  const cursorRow = Math.floor((PROMPT.length + cursor) / width);
  const first = Math.max(0, Math.min(cursorRow - most + 1, count - most));
  return Array.from({ length: Math.min(most, count) }, (_, i) => {
    const start = (first + i) * width;
    return { start, text: whole.slice(start, start + width) };
  });
}

/** `cursor` counts from the prompt's first character; null where nothing is being written. */
function Expression({
  rows,
  cursor,
}: {
  rows: readonly ExpressionRow[];
  cursor: number | null;
}): ReactElement {
  return (
    <Box flexDirection="column">
      {rows.map(({ text, start }) => {
        const at = (cursor ?? -1) - start;
        const here = at >= 0 && at < text.length;
        return (
          <Text key={start} bold={cursor === null}>
            {here ? text.slice(0, at) : text}
            {here && <Text inverse>{text[at]}</Text>}
            {here && text.slice(at + 1)}
          </Text>
        );
      })}
    </Box>
  );
}

function titleText(
  sources: string,
  window: TimeWindow,
  busy: boolean,
  tookMs: number | undefined,
  paint: Painter,
  width: number,
): string {
  const until = window.end === null ? 'now' : new Date(window.end).toLocaleString('sv');
  const state = busy ? 'working…' : tookMs === undefined ? '' : `${tookMs.toFixed(0)} ms`;
  const right = `${formatDuration(window.spanMs)} to ${until}  ${state}`;
  const left = clip(`tsmon query  ${sources}`, Math.max(0, width - right.length - 2));
  return paint.dim(`${left}${' '.repeat(Math.max(1, width - left.length - right.length))}${right}`);
}

/** What is wrong with an expression that is being written; '' where nothing is. */
function faultOf(text: string, parser: ParserOptions): string {
  if (text.trim() === '') return '';
  try {
    parseQuery(text, parser);
    return '';
  } catch (error) {
    if (!(error instanceof PromQLSyntaxError)) return String((error as Error).message);
    return error.suggestion === undefined ? error.message : `${error.message} (${error.suggestion})`;
  }
}

/** One line less than there is: a terminal scrolls when its last line is full. */
function useTerminalSize(): { width: number; height: number } {
  const { stdout } = useStdout();
  const read = () => ({ width: stdout.columns || 80, height: Math.max(8, (stdout.rows || 24) - 1) });
  const [size, setSize] = useState(read);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the stream is the same for ever
  useEffect(() => {
    const resized = () => setSize(read());
    stdout.on('resize', resized);
    return () => {
      stdout.off('resize', resized);
    };
  }, []);
  return size;
}
