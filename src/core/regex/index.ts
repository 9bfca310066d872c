export { compileRegex, Regex } from './regex.ts';
export { Search } from './search.ts';
export { Template } from './template.ts';
