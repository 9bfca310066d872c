export * from './block-extent.ts';
export * from './log-appender.ts';
