/** The core modules of a plan with limits written into them, and what their instances are given. */
import { decodeModule } from '../core/decode.ts';
import { definedTables, type LimitedModule, type LimitOptions, limitModule } from '../core/limited.ts';
import { FUEL, INTERRUPTION, type MeterKinds } from '../core/meter.ts';
import { LinkError, MalformedError, UsageError } from '../error/error.ts';
import { tagRewritten } from '../error/stack.ts';
import type { ModuleRef, Plan } from '../link/plan.ts';
import type { TableType } from '../types/core-type.ts';
import type { Metered } from './instantiate.ts';
import { interruptionMemory, watchdog } from './interruption.ts';
import { sharedLimit, staticModules } from './memories.ts';
import { Meter, type MeterLimits } from './meter.ts';
import { newMemory } from './new-memory.ts';
import type { Store } from './store.ts';

/** What a store may use that is written into its modules. */
export interface WrittenLimits {
  readonly memory?: number | undefined;
  readonly tables?: number | undefined;
  readonly cpu?: number | undefined;
  readonly time?: number | undefined;
  readonly fuel?: number | bigint | undefined;
  /** Not written: it is counted at the host's border. */
  readonly lifted?: number | undefined;
  readonly handles?: number | undefined;
  readonly instances?: number | undefined;
}

export interface LimitedCore {
  readonly module: WebAssembly.Module;
  readonly limited: LimitedModule;
}

/** How modules of a plan are limited. */
export interface Limiting {
  readonly options: Omit<LimitOptions, 'tag'>;
  readonly meter: MeterLimits | undefined;
}

type CoreImports = Record<string, Record<string, WebAssembly.ImportValue>>;

const LONGEST = 86_400_000;

function checkTime(name: string, value: number | undefined): number {
  if (value === undefined) return Number.POSITIVE_INFINITY;
  if (value > 0 && value <= LONGEST) return value;
  throw new UsageError('bad-limit', `limits.${name} cannot be used`, {
    expected: `milliseconds, above 0 and at most ${LONGEST}`,
    found: String(value),
  });
}

function checkFuel(value: number | bigint | undefined): bigint | undefined {
  if (value === undefined) return undefined;
  if ((typeof value === 'bigint' || Number.isSafeInteger(value)) && value >= 0 && value < 2n ** 63n)
    return BigInt(value);
  throw new UsageError('bad-limit', 'limits.fuel cannot be used', {
    expected: 'an integer of at least 0, below 2^63',
    found: String(value),
  });
}

function checkCount(name: string, value: number | undefined): number {
  if (value === undefined) return Number.POSITIVE_INFINITY;
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new UsageError('bad-limit', `limits.${name} cannot be used`, {
    expected: 'an integer of at least 0',
    found: String(value),
  });
}

function meterOf({ cpu, time, fuel, lifted }: WrittenLimits): MeterLimits | undefined {
  if ([cpu, time, fuel, lifted].every((limit) => limit === undefined)) return undefined;
  return {
    cpu: checkTime('cpu', cpu),
    time: checkTime('time', time),
    isTimed: cpu !== undefined || time !== undefined,
    fuel: checkFuel(fuel),
    lifted: checkCount('lifted', lifted),
  };
}

/** The most elements of each table of a plan whose tables may together grow to `elements`. */
function sharedTables(plan: Pick<Plan, 'steps'>, elements: number): (table: TableType) => bigint {
  const tables = staticModules(plan).flatMap((ref) => definedTables(decodeModule(ref.bytes, ref.start, ref.end)));
  const least = tables.reduce((sum, t) => sum + t.limits.min, 0n);
  if (!Number.isSafeInteger(elements) || elements < 0 || least > BigInt(elements))
    throw new LinkError('table-limit', 'the component starts with more elements in tables than the limit allows', {
      expected: `a limit of at least ${least}`,
      found: `${elements}`,
    });
  const share = (BigInt(elements) - least) / BigInt(Math.max(1, tables.length));
  return (table) => table.limits.min + share;
}

/**
 * What `limits` ask of the modules of a plan; undefined where nothing.
 * @throws LinkError `memory-limit`, `table-limit`, `cannot-meter`
 * @throws UsageError `bad-limit`, `no-watchdog`
 */
export async function limitingOf(plan: Pick<Plan, 'steps'>, limits: WrittenLimits): Promise<Limiting | undefined> {
  const { memory, tables, handles, instances } = limits;
  checkCount('handles', handles);
  checkCount('instances', instances);
  const meter = meterOf(limits);
  if (meter === undefined && memory === undefined && tables === undefined) return undefined;
  const kinds = meter && kindsOf(meter);
  if (kinds !== undefined && plan.steps.some((s) => s.kind === 'instantiate' && s.module.kind !== 'static'))
    throw new LinkError('cannot-meter', 'a core module that is given as an import cannot be limited', {
      hint: 'leave out limits.cpu, limits.time and limits.fuel, or compose the module into the component',
    });
  if (meter?.isTimed === true) await watchdog();
  return {
    options: {
      memory: memory === undefined ? undefined : sharedLimit(plan, memory),
      table: tables === undefined ? undefined : sharedTables(plan, tables),
      meter: kinds,
    },
    meter,
  };
}

function kindsOf({ isTimed, fuel }: MeterLimits): MeterKinds | undefined {
  if (!isTimed && fuel === undefined) return undefined;
  return { interruption: isTimed, fuel: fuel !== undefined };
}

/** The core modules of a plan that must be others, compiled. */
export async function limitedCores(
  plan: Pick<Plan, 'steps'>,
  { options }: Pick<Limiting, 'options'>,
): Promise<ReadonlyMap<ModuleRef, LimitedCore>> {
  const made = [...new Set(staticModules(plan))].map(async (ref) => {
    const { tag, remember } = tagRewritten();
    const limited = limit(ref.bytes, ref.start, ref.end, { ...options, tag });
    if (limited === undefined) return undefined;
    remember((offset) => limited.map.nearest(offset));
    return [ref, { module: await WebAssembly.compile(limited.bytes), limited }] as const;
  });
  const all = await Promise.all(made);
  return new Map(all.filter((one) => one !== undefined));
}

function limit(
  bytes: Uint8Array<ArrayBuffer>,
  start: number,
  end: number,
  options: LimitOptions,
): LimitedModule | undefined {
  try {
    return limitModule(decodeModule(bytes, start, end), options);
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    throw new LinkError(
      'cannot-meter',
      'the code of a core module cannot be read to the end, so it cannot be limited',
      {
        cause: error,
      },
    );
  }
}

/** What instances of one linked component are metered by. */
export class Metering {
  readonly #limits: MeterLimits;

  constructor(limits: MeterLimits) {
    this.#limits = limits;
  }

  /** For one instance, and those who have what it is made of after it. */
  begin(): Metered {
    return new OwnMeters(this.#limits);
  }
}

/** What one instance is metered by, from tenant to tenant. */
class OwnMeters implements Metered {
  readonly #limits: MeterLimits;
  readonly #fuel: WebAssembly.Memory | undefined;
  /** What its metered modules import. */
  readonly imports: Readonly<Record<string, WebAssembly.Memory>>;

  constructor(limits: MeterLimits) {
    this.#limits = limits;
    this.#fuel = limits.fuel === undefined ? undefined : new WebAssembly.Memory({ initial: 1, maximum: 1 });
    this.imports = {
      ...(limits.isTimed ? { [INTERRUPTION]: interruptionMemory() } : {}),
      ...(this.#fuel === undefined ? {} : { [FUEL]: this.#fuel }),
    };
  }

  /** It becomes `store`'s. */
  attach(store: Store): void {
    const fuel = this.#fuel === undefined ? undefined : new BigInt64Array(this.#fuel.buffer, 0, 1);
    store.meter = new Meter(store, this.#limits, fuel);
  }
}

/** Adds what a limited module imports besides. */
export function addLimitImports({ limited }: LimitedCore, metered: Metered | undefined, imports: CoreImports): void {
  const own: Record<string, WebAssembly.ImportValue> = { ...metered?.imports };
  for (const { index, type } of limited.memories) own[`memory${index}`] = newMemory(type);
  imports[limited.from] = own;
}
