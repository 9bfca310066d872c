/**
 * Which devices, mount points or fields to take. Our own patterns are JavaScript's; patterns that a user writes
 * come as a `Regex` of core/regex, which is a NameFilter.
 */
export interface NameFilter {
  matches(name: string): boolean;
}

export function pattern(regex: RegExp): NameFilter {
  return { matches: (name) => regex.test(name) };
}

export const nothing: NameFilter = { matches: () => false };
