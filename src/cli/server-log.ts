/** The log of a server on stderr: a line a message, as logfmt or JSON, with the fields that Prometheus' log has. */
import type { LogFields, Logger } from '../core/server/index.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
type Level = (typeof LEVELS)[number];

export interface ServerLogOptions {
  /** The least severe messages that are written. */
  level: string;
  format: string;
  write: (line: string) => void;
  now: () => number;
}

export function serverLog({ level, format, write, now }: ServerLogOptions): Logger {
  const least = LEVELS.indexOf(level as Level);
  const writer =
    (at: Level) =>
    (message: string, fields: LogFields = {}) => {
      if (LEVELS.indexOf(at) < least) return;
      const record = {
        time: new Date(now()).toISOString(),
        level: at.toUpperCase(),
        msg: message,
        ...fields,
      };
      write(format === 'json' ? JSON.stringify(record) : logfmt(record));
    };
  return { debug: writer('debug'), info: writer('info'), warn: writer('warn'), error: writer('error') };
}

function logfmt(record: LogFields): string {
  return Object.entries(record)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${logfmtValue(String(value))}`)
    .join(' ');
}

/** Quoted where it would not be one word otherwise; what could end the line is escaped. */
function logfmtValue(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not come through.
  return /^[^\s"=\x00-\x1f\x7f]+$/.test(text) ? text : JSON.stringify(text);
}
