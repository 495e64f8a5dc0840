/** The traps of stores that meet a limit of time or computation. */
import { adoptTrap, Trap, type TrapDetails } from './trap.ts';

/** Limits that end a store. */
export type LimitName = 'cpu' | 'time' | 'fuel' | 'memory' | 'handles' | 'lifted';

const CODES = {
  cpu: 'cpu-limit',
  time: 'time-limit',
  fuel: 'fuel-limit',
  memory: 'memory-limit',
  handles: 'handle-limit',
  lifted: 'lift-limit',
} as const;

/** Which limit was met: by its name among the options, what it allows, and what was used of it. */
export interface LimitFacts {
  readonly limit: LimitName;
  readonly allowed: number;
  readonly used: number;
}

/** A limit of `limits` was met: a trap, whose store has ended. `code` is `cpu-limit`, `time-limit`, `fuel-limit`, `memory-limit`, `handle-limit` or `lift-limit`. */
export class LimitError extends Trap {
  /** The option that says how much is allowed. */
  declare readonly limit: LimitName;
  /** Milliseconds, fuel, bytes, or a count; of `memory` what the engine has, which is not known: 0. */
  declare readonly allowed: number;
  declare readonly used: number;
}

function round(milliseconds: number): string {
  return `${Math.round(milliseconds * 10) / 10} ms`;
}

function reasonOf({ limit, allowed, used }: LimitFacts): string {
  switch (limit) {
    case 'cpu':
      return `the component has computed for as long as it may: ${round(used)}, where limits.cpu allows ${round(allowed)}`;
    case 'time':
      return `the call has taken as long as it may: ${round(used)}, where limits.time allows ${round(allowed)}`;
    case 'fuel':
      return `the component has used all of its fuel: limits.fuel allows ${allowed}`;
    case 'memory':
      return 'memory that the component begins with cannot be had';
    case 'handles':
      return `a component instance holds as many handles as it may: limits.handles allows ${allowed}`;
    default:
      return `strings and lists of a call take more than they may: limits.lifted allows ${allowed} bytes`;
  }
}

/** Gives a real trap object, which core wasm made, the form of a LimitError. */
export function adoptLimit(
  real: WebAssembly.RuntimeError,
  facts: LimitFacts,
  details: Omit<TrapDetails, 'reason'> = {},
): LimitError {
  const { limit, allowed, used } = facts;
  const trap = adoptTrap(real, CODES[limit], reasonOf(facts), details);
  Object.setPrototypeOf(trap, LimitError.prototype);
  Object.defineProperties(trap, {
    name: { value: 'LimitError', configurable: true },
    limit: { value: limit, enumerable: true, configurable: true },
    allowed: { value: allowed, enumerable: true, configurable: true },
    used: { value: used, enumerable: true, configurable: true },
  });
  return trap as LimitError;
}
