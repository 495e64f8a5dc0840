/** Which parts of the runtime a component needs, as code that names them: its kit (`src/runtime/kit.ts`). */
import type { OptionShape, Signature } from '../../abi/context.ts';
import { holds, holdsHandle } from '../../abi/holds.ts';
import { MAX_EMITTED_PARTS } from '../../abi/js/emit-code.ts';
import { partsOf } from '../../abi/parts.ts';
import type { ExportShape } from '../../link/export-shape.ts';
import type { Plan } from '../../link/plan.ts';
import { canonKind } from '../../runtime/canon/kind.ts';
import { CANON_MAKERS } from '../../runtime/canon/names.ts';
import type { DraftExports, DraftGroup } from '../../runtime/draft.ts';
import type { Kit } from '../../runtime/kit.ts';
import type * as runtime from '../../runtime/runtime.ts';
import type { FuncType, ValueType } from '../../types/value-type.ts';
import { Code } from './literal.ts';

type KitCode = { readonly [K in keyof Kit]?: Code | undefined | { readonly [kind: string]: Code } };

/** An export of the runtime. */
export function fromRuntime(name: keyof typeof runtime): Code {
  return new Code(`R.${name}`);
}

function when(needed: boolean, name: keyof typeof runtime): Code | undefined {
  return needed ? fromRuntime(name) : undefined;
}

function valuesOf({ params, result }: FuncType): readonly ValueType[] {
  return [...params.map((p) => p.type), ...(result === undefined ? [] : [result])];
}

/** Whether values hold handles to what JavaScript keeps: ends of streams and futures, error contexts. */
function holdsObjects(type: FuncType): boolean {
  const special = ({ kind }: { kind: string }): boolean =>
    kind === 'stream' || kind === 'future' || kind === 'error-context';
  return valuesOf(type).some((t) => holds(t, special));
}

/** Whether handles pass the border other than by the code of its function. */
function needsHooks({ type }: Signature): boolean {
  return holdsObjects(type) || valuesOf(type).some((t) => partsOf(t) > MAX_EMITTED_PARTS && holdsHandle(t));
}

function hasClass(shape: readonly ExportShape[]): boolean {
  return shape.some((item) => item.kind === 'class' || (item.kind === 'instance' && hasClass(item.exports)));
}

function canonCode(plan: Plan): { readonly [kind: string]: Code } | undefined {
  const kinds = new Set(plan.canons.flatMap((canon) => (canon.kind === 'lower' ? [] : [canonKind(canon)])));
  if (kinds.size === 0) return undefined;
  return Object.fromEntries([...kinds].map((kind) => [kind, fromRuntime(CANON_MAKERS[kind])]));
}

/** The options of everything that the plan lifts and lowers, and of its built-ins. */
function shapesOf(plan: Plan, exports: DraftExports['exports']): readonly OptionShape[] {
  const canons = plan.canons.flatMap((canon) => {
    if (canon.kind === 'lower')
      return canon.func.kind === 'lift' ? [canon.options, canon.func.options] : [canon.options];
    return canon.kind === 'builtin' && canon.options !== undefined ? [canon.options] : [];
  });
  const lifts = [...exports.keys()].flatMap((func) => (func.kind === 'lift' ? [func.options] : []));
  return [...canons, ...lifts].map(({ shape }) => shape);
}

/** The kit of a component. */
export function kitCode(plan: Plan, groups: readonly DraftGroup[], { exports, shape }: DraftExports): KitCode {
  const hosts = groups.flatMap((group) => group.hosts);
  const calls = groups.flatMap((group) => group.calls);
  const shapes = shapesOf(plan, exports);
  const borders = [...hosts, ...exports.values()];
  const concurrent = plan.isConcurrent.includes(true);
  const hooks = borders.some(({ signature }) => needsHooks(signature));
  const objects = concurrent || hooks || calls.some(({ type }) => holdsObjects(type));
  return {
    makeGroup: when(groups.length > 0, 'makeGroup'),
    canons: canonCode(plan),
    connect: when(calls.length > 0, 'connect'),
    wait: when(
      groups.some(({ waiting }) => waiting.length > 0),
      'behindWaitShims',
    ),
    memory: when(
      shapes.some(({ memory }) => memory !== undefined),
      'linearMemory',
    ),
    realloc: when(
      shapes.some(({ realloc }) => realloc),
      'wrapRealloc',
    ),
    freshContext: when(plan.usesContext.includes(true), 'withFreshContext'),
    defineResource: when(
      plan.steps.some(({ kind }) => kind === 'resource'),
      'defineResource',
    ),
    border: when(
      borders.some(({ resources }) => resources.length > 0),
      'borderOf',
    ),
    hooks: when(hooks, 'hostHooks'),
    checkEnd: when(hooks, 'checkEnd'),
    objects: when(objects, 'makeObjectTable'),
    classes: when(hasClass(shape), 'classMaker'),
    disposeHostHandles: when(
      plan.resources.some(({ origin }) => origin.kind === 'imported'),
      'disposeHostHandles',
    ),
    promised: when(
      [...exports.values()].some(({ entry }) => entry !== undefined),
      'promisedExport',
    ),
    asyncExport: when(
      [...exports.keys()].some(({ type }) => type.async),
      'asyncExport',
    ),
    concurrency: when(concurrent, 'concurrency'),
    payload: when(concurrent || hooks, 'newPayload'),
    trapOnDeadlock: when(concurrent, 'trapOnDeadlock'),
  };
}
