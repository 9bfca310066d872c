/** The list of completions for the word at the cursor, and which of them is chosen. */
import { useEffect } from 'react';
import type { Candidates } from './candidates.ts';
import { type Candidate, completionContext, matching } from './completion.ts';
import type { Line } from './line-editor.ts';
import { useLatest } from './use-latest.ts';

export interface Completion {
  /** Never empty. */
  candidates: readonly Candidate[];
  chosen: number;
  /** What is replaced: from here to the cursor. */
  from: number;
  /** What stands behind an inserted value: its closing quote. */
  closing: string;
}

/** `line` is null where nothing is being written. `asked` shows the list even where no word has begun. */
export function useCompletion(
  candidates: Candidates,
  line: Line | null,
  asked: boolean,
): {
  completion: Completion | null;
  /** The same as it is now, for keys. */
  current: () => Completion | null;
  choose: (step: number) => void;
  close: () => void;
} {
  const [completion, setCompletion, latest] = useLatest<Completion | null>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a setter is always the same
  useEffect(() => {
    setCompletion(null);
    if (line === null) return;
    const context = completionContext(line.text, line.cursor);
    // A list of all metrics is no help to somebody who writes an operator.
    if (context.kind === 'none' || (context.kind === 'name' && context.word === '' && !asked)) return;
    let current = true;
    candidates.for(context).then(
      (all) => {
        if (!current) return;
        const fitting = matching(all, context.word);
        const done = fitting.length === 1 && fitting[0].text === context.word;
        if (fitting.length === 0 || done) return;
        const behind = line.text[line.cursor];
        const closing =
          context.kind === 'value' && behind !== '"' && behind !== "'" ? line.text[context.from - 1] : '';
        setCompletion({ candidates: fitting, chosen: 0, from: context.from, closing });
      },
      // Without completions one can still write.
      () => {},
    );
    return () => {
      current = false;
    };
  }, [candidates, line, asked]);

  const choose = (step: number) => {
    if (latest.current === null) return;
    const { candidates: all, chosen } = latest.current;
    setCompletion({ ...latest.current, chosen: (chosen + step + all.length) % all.length });
  };
  return { completion, current: () => latest.current, choose, close: () => setCompletion(null) };
}
