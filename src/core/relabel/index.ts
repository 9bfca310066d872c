export { parseRelabelRule, parseRelabelRules } from './config.ts';
export { explainRelabel, type RelabelStep, relabel } from './relabel.ts';
export { RELABEL_ACTIONS, type RelabelAction, type RelabelRule } from './rule.ts';
