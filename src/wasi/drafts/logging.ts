/** `wasi:logging/logging` (0.1.0-draft): lines on the program's standard error, or entries for whoever runs it. */
import { LOG_LEVELS, type LoggingGrant, type LogLevel } from '../../grants/logging.ts';
import type { MaybePromise, Sink } from '../../host/host.ts';
import { until } from '../../host/streams.ts';
import { safeText } from '../../util/safe-text.ts';

/** What a program has said. */
export interface LogEntry {
  readonly level: LogLevel;
  /** What it is about, in the program's words. */
  readonly context: string;
  readonly message: string;
}

/** Characters of a message and of a context; what is longer is cut. */
const LONGEST = 65_536;

const encoder = new TextEncoder();

function cut(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST).toWellFormed()}… (${text.length - LONGEST} more)`;
}

/** A line that goes on is indented, so that none is forged. */
function printable(text: string): string {
  return safeText(text.replace(/\r?\n/g, '\n    '));
}

function lineOf({ level, context, message }: LogEntry): string {
  const about = context === '' ? '' : ` ${printable(context).replaceAll('\n', ' ')}`;
  return `[${level}]${about}: ${printable(message)}\n`;
}

/** The interface `wasi:logging/logging`: what is below `least` is not said; `none` says nothing. */
export function makeLogging(least: LoggingGrant, stderr: Sink, onLog: ((entry: LogEntry) => void) | undefined) {
  const from = least === 'none' ? LOG_LEVELS.length : LOG_LEVELS.indexOf(least);
  /** Writes as soon as what was written before is gone. The reader of errors may have gone: then nobody is told. */
  const write = (line: string): MaybePromise<void> => {
    const waiting = until(stderr);
    if (waiting !== undefined) return waiting.then(() => write(line));
    try {
      stderr.write(encoder.encode(line));
    } catch {
      // A log has nobody to say it to.
    }
    return undefined;
  };
  return {
    'wasi:logging/logging': {
      log(level: LogLevel, context: string, message: string): MaybePromise<void> {
        if (LOG_LEVELS.indexOf(level) < from) return undefined;
        const entry = { level, context: cut(context), message: cut(message) };
        if (onLog === undefined) return write(lineOf(entry));
        onLog(entry);
        return undefined;
      },
    },
  };
}
