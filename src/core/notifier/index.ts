export type { NotifierAlert } from './alert.ts';
export {
  type AlertmanagerGroup,
  Notifier,
  type NotifierOptions,
  type NotifierSettings,
} from './notifier.ts';
