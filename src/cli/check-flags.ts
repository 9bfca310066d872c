/** Flags that the commands share which check what a person has written: rule files, configurations. */
import { Flags } from '@oclif/core';

export const checkFlags = {
  'lint-fatal': Flags.boolean({ description: 'Status 3 where a lint has found something' }),
  'enable-feature': Flags.string({
    description:
      "Accept an experimental part of PromQL, by the name of Prometheus' flag; repeat or use commas",
    helpValue: 'NAME',
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
  }),
  output: Flags.string({
    char: 'o',
    description: 'text as promtool prints it, one JSON document, or annotations for GitHub',
    options: ['text', 'json', 'github'],
    default: 'text',
  }),
};
