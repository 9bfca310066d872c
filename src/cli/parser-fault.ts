/** What oclif's parser says of flags and arguments, in one line and without its headings and notes. */
export function parserFault(message: string): string {
  return (
    message
      .replace(/\nSee more help with --help\s*$/, '')
      // Around what a flag's own check throws; the name of the flag may stand there and nowhere else.
      .replace(/^Parsing (--\S+)\s*\n\t(.*)$/s, (_, flag: string, reason: string) =>
        reason.includes(flag) ? reason : `${flag}: ${reason}`,
      )
      // Its note on flags that take several values is about another way to parse them.
      .replace(/^Missing \d+ required args?:\n(.*?)(?:\n\nNote: .*)?$/s, (_, args: string) =>
        args.replace(
          /^(\S+) *(.*)$/gm,
          (_line, name: string, about: string) =>
            `${name.toUpperCase()} is missing${about === '' ? '' : ` (${about})`}`,
        ),
      )
      .replace(/^The following errors? occurred:\n\s*/, '')
      .replace(/^\s*Missing required flag (\S+)$/gm, '--$1 is missing')
  );
}
