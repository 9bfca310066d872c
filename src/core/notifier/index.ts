export {
  type AlertmanagerGroup,
  Notifier,
  type NotifierOptions,
  type NotifierSettings,
} from './notifier.ts';
