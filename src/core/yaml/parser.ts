/**
 * The YAML package's parser, for all who need it. The build makes it a bundle of its own (scripts/build.mjs), which is loaded
 * with the first text that the quick reader (plain-reader.ts) leaves to it: few do.
 */
export { Lexer, parse, parseDocument } from 'yaml';
