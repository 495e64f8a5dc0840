/** Which messages of `wasi:logging` are let through. */
import { oneOf } from './check.ts';

/** Levels of `wasi:logging`, the least first. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'critical'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** The least level that is let through; `none`: nothing is. */
export type LoggingGrant = LogLevel | 'none';

export function checkLogging(value: unknown): LoggingGrant {
  return oneOf(value, 'logging', [...LOG_LEVELS, 'none']);
}
