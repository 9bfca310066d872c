/** The completions around the chosen one, each with what is known of it. */
import { Box, Text } from 'ink';
import type { ReactElement } from 'react';
import { clip, displayWidth, padEnd } from '../display-width.ts';
import type { Completion } from './use-completion.ts';

export const MOST_SHOWN = 6;

export function CompletionList({
  completion,
  width,
}: {
  completion: Completion;
  width: number;
}): ReactElement {
  const { candidates, chosen } = completion;
  const first = Math.max(0, Math.min(chosen - MOST_SHOWN + 1, candidates.length - MOST_SHOWN));
  const shown = candidates.slice(first, first + MOST_SHOWN);
  const textWidth = Math.min(
    Math.floor(width * 0.6),
    Math.max(...shown.map(({ text }) => displayWidth(text))),
  );
  return (
    <Box flexDirection="column">
      {shown.map(({ text, detail }, i) => (
        <Text key={text} wrap="truncate">
          <Text inverse={first + i === chosen}>{` ${padEnd(clip(text, textWidth), textWidth)} `}</Text>
          <Text dimColor>{` ${clip(detail, Math.max(0, width - textWidth - 4))}`}</Text>
        </Text>
      ))}
    </Box>
  );
}
