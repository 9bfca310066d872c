/** YAML with places: every value knows its line and column, and faults are gathered instead of ending at the first. */
export { YamlDocument, type YamlFault, type YamlTexts } from './document.ts';
export { parse, parseDocument } from './parser.ts';
export { YamlRecord } from './record.ts';
