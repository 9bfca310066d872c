export { countRewrites } from './count.ts';
export { type BlockRewrite, type BlockRewriteOptions, rewriteBlock } from './rewrite-block.ts';
export { type RewriteOptions, rewriteDirectory } from './rewrite-directory.ts';
export { isSelected, noRewrites, type RewriteCounts, type RewriteRules } from './rules.ts';
