/**
 * Runs a script directive by directive and says of each whether it held. Specification: the format of the reference suites. A directive
 * that could not be run has failed.
 */
import { ComponentError, LinkError, MalformedError, TextError, UsageError, ValidationError } from '../error/error.ts';
import type { ArtifactCache } from '../runtime/artifact.ts';
import { Component } from '../runtime/component.ts';
import { engineTrap, isStackOverflow, messageOf } from '../runtime/failure.ts';
import type { Instance } from '../runtime/instance.ts';
import { canSuspend } from '../runtime/jspi.ts';
import { type Imports, Linker, type LinkOptions } from '../runtime/linker.ts';
import { parseQuoted } from '../text/parse.ts';
import type { Action, Directive, ScriptDefinition } from '../text/script.ts';
import type { ScriptValue } from '../text/script-value.ts';
import { describeFunc } from '../types/describe.ts';
import type { Features } from '../types/features.ts';
import type { FuncType } from '../types/value-type.ts';
import { unreachable } from '../util/invariant.ts';
import { matches, toJs } from './component-values.ts';
import { type CoreDefinition, CoreHost, type CoreInstance, defineModule } from './core-host.ts';
import { coreMatches } from './core-values.ts';
import { scriptHost } from './host.ts';

/** Makes an instance of a component, of which the bytes are at hand too. */
export type Start = (
  component: Component,
  imports: Imports,
  options: LinkOptions,
  bytes: Uint8Array<ArrayBuffer>,
) => Promise<Instance>;

export interface RunnerOptions {
  readonly features?: Partial<Features>;
  readonly link?: LinkOptions;
  /** Keeps what is found out about components. */
  readonly cache?: ArtifactCache;
  /** How instances are made. Default: by a Linker. */
  readonly start?: Start;
}

async function linkAndStart(component: Component, imports: Imports, options: LinkOptions): Promise<Instance> {
  const pre = await new Linker().defineAll(imports).link(component, options);
  // With a pool each instance has had a tenant before, where it can have had one.
  if (pre.pool !== undefined && pre.pool.refused === undefined) pre.instantiate()[Symbol.dispose]();
  return pre.instantiate();
}

type Definition =
  | { readonly kind: 'component'; readonly component: Component; readonly bytes: Uint8Array<ArrayBuffer> }
  | ({ readonly kind: 'module' } & CoreDefinition);
type LiveInstance =
  | { readonly kind: 'component'; readonly component: Component; readonly instance: Instance }
  | CoreInstance;

/** What a call gave: a component's value with its type, or core values. */
type Answer =
  | { readonly kind: 'component'; readonly type: FuncType; readonly value: unknown }
  | { readonly kind: 'module'; readonly values: ReturnType<CoreHost['act']> };

type Refusal = Extract<Directive, { readonly definition: ScriptDefinition; readonly message: string }>;

/** The directive did not hold. */
class Failed extends Error {}

function fail(reason: string): never {
  throw new Failed(reason);
}

type Callable = (...args: unknown[]) => unknown;

export class ScriptRunner {
  readonly #options: RunnerOptions;
  readonly #core = new CoreHost();
  readonly #host = scriptHost();
  readonly #definitions = new Map<string, Definition>();
  readonly #instances = new Map<string, LiveInstance>();
  readonly #registered = new Map<string, LiveInstance>();
  readonly #made: Instance[] = [];
  #lastDefinition: Definition | undefined;
  #last: LiveInstance | undefined;

  constructor(options: RunnerOptions = {}) {
    this.#options = options;
  }

  /** Ends every instance that the script has made. */
  [Symbol.dispose](): void {
    for (const instance of this.#made) instance[Symbol.dispose]();
  }

  /** How many calls the interpreter has carried. */
  get interpreted(): number {
    return this.#made.reduce((sum, { stats }) => sum + stats.interpreted, 0);
  }

  /** Runs one directive; answers why it did not hold, or undefined. */
  async run(directive: Directive): Promise<string | undefined> {
    try {
      await this.#run(directive);
      return undefined;
    } catch (error) {
      if (error instanceof Failed) return error.message;
      return messageOf(error);
    }
  }

  async #run(d: Directive): Promise<void> {
    switch (d.kind) {
      case 'define':
        await this.#define(d.definition);
        return;
      case 'define and instantiate':
        await this.#instantiate(await this.#define(d.definition), d.definition.id);
        return;
      case 'instantiate':
        await this.#instantiate(this.#definition(d.of, d.definition), d.id);
        return;
      case 'register':
        this.#register(d.name, this.#instance(d.instance));
        return;
      case 'action':
        await this.#act(d.action);
        return;
      case 'assert_return':
        this.#compare(await this.#act(d.action), d.results);
        return;
      case 'assert_trap':
        await this.#trap(d.target, d.message);
        return;
      case 'assert_exhaustion':
        await this.#throws(d.message, () => this.#act(d.action));
        return;
      case 'assert_exception':
        await this.#exception(d.action);
        return;
      case 'unknown':
        fail(`there is no directive \`${d.keyword}\``);
        break;
      case 'assert_suspension':
        fail('suspensions of stack switching are not supported');
        break;
      case 'assert_invalid':
      case 'assert_malformed':
        await this.#refused(d);
        return;
      case 'assert_unlinkable':
        await this.#unlinkable(d.definition, d.message);
        return;
      default:
        unreachable(d);
    }
  }

  // ---- definitions and instances

  #bytes({ kind, source }: ScriptDefinition): Uint8Array<ArrayBuffer> {
    if ('error' in source) throw source.error;
    return source.form === 'quote' ? parseQuoted(kind, source.text).bytes : source.bytes;
  }

  async #make(definition: ScriptDefinition): Promise<Definition> {
    const bytes = this.#bytes(definition);
    if (definition.kind === 'module') return { kind: 'module', ...defineModule(bytes) };
    const { features, cache } = this.#options;
    const component = await Component.load(bytes, {
      ...(features === undefined ? {} : { features }),
      ...(cache === undefined ? {} : { cache }),
    });
    return { kind: 'component', component, bytes };
  }

  async #define(definition: ScriptDefinition): Promise<Definition> {
    const made = await this.#make(definition);
    if (definition.id !== undefined) this.#definitions.set(definition.id, made);
    this.#lastDefinition = made;
    return made;
  }

  #definition(kind: Definition['kind'], id: string | undefined): Definition {
    const found = id === undefined ? this.#lastDefinition : this.#definitions.get(id);
    if (found?.kind !== kind) fail(id === undefined ? `no ${kind} was defined` : `no ${kind} \`$${id}\` was defined`);
    return found;
  }

  async #instantiate(definition: Definition, id: string | undefined): Promise<void> {
    // What failed to become an instance leaves none to call.
    this.#last = undefined;
    const instance = await this.#start(definition);
    this.#last = instance;
    if (id !== undefined) this.#instances.set(id, instance);
  }

  async #start(definition: Definition): Promise<LiveInstance> {
    if (definition.kind === 'module') return this.#core.instantiate(definition);
    const { component, bytes } = definition;
    const { start = linkAndStart, link } = this.#options;
    const instance = await start(component, this.#offers(), { trapOnDeadlock: true, ...link }, bytes);
    this.#made.push(instance);
    return { kind: 'component', component, instance };
  }

  /** The host's imports, and every instance under the name that it has. */
  #offers(): Imports {
    const offers = new Map<string, unknown>(Object.entries(this.#host));
    for (const named of [this.#instances, this.#registered])
      for (const [name, one] of named) if (one.kind === 'component') offers.set(name, one.instance.exports);
    return Object.fromEntries(offers);
  }

  #instance(id: string | undefined): LiveInstance {
    const found = id === undefined ? this.#last : this.#instances.get(id);
    return found ?? fail(id === undefined ? 'there is no instance' : `there is no instance \`$${id}\``);
  }

  #register(name: string, instance: LiveInstance): void {
    if (instance.kind === 'module') this.#core.register(name, instance.exports);
    else this.#registered.set(name, instance);
  }

  // ---- actions

  async #act(action: Action): Promise<Answer> {
    const instance = this.#instance(action.instance);
    if (instance.kind === 'module') return { kind: 'module', values: this.#core.act(instance, action) };
    const type = instance.component.exports.find(({ name }) => name === action.name)?.type;
    if (action.kind === 'get' || type?.kind !== 'func') fail(`the instance exports no function "${action.name}"`);
    const { params } = type;
    if (params.length !== action.args.length) fail(`${action.args.length} arguments for ${describeFunc(type)}`);
    const args = action.args.map((arg, i) => toJs(params[i]!.type, arg));
    // A synchronous function may block too, as long as others of its instance can go on.
    const { exports, promised } = instance.instance;
    const call = (canSuspend ? promised : exports)[action.name] as Callable;
    return { kind: 'component', type, value: await answerOf(call, type, args) };
  }

  #compare(answer: Answer, expected: readonly ScriptValue[]): void {
    if (answer.kind === 'module') {
      const { values } = answer;
      const same =
        values.length === expected.length && expected.every((one, i) => coreMatches(values[i]!, one, this.#core.host));
      if (!same) fail(`expected ${show(expected)}, got ${show(values)}`);
      return;
    }
    const { type, value } = answer;
    const [wanted, ...more] = expected;
    if (more.length > 0 || (wanted === undefined) !== (type.result === undefined))
      fail(`expected ${show(expected)} of ${describeFunc(type)}`);
    if (wanted !== undefined && !matches(type.result!, value, wanted))
      fail(`expected ${show(wanted)}, got ${show(value)}`);
  }

  // ---- what must fail

  async #trap(target: Action | ScriptDefinition, message: string): Promise<void> {
    await this.#throws(message, async () => {
      if ('source' in target) await this.#start(await this.#make(target));
      else await this.#act(target);
    });
  }

  /** Something must be thrown that is no failure of the script itself and contains the message. */
  async #throws(message: string, body: () => Promise<unknown>): Promise<void> {
    let error: unknown;
    try {
      await body();
    } catch (thrown) {
      error = thrown;
      if (thrown instanceof Failed || thrown instanceof ComponentError || thrown instanceof UsageError) throw thrown;
    }
    if (error === undefined) fail(`expected ${JSON.stringify(message)}, but it returned`);
    expectMessage(error, message);
  }

  async #exception(action: Action): Promise<void> {
    try {
      await this.#act(action);
    } catch (error) {
      if (error instanceof WebAssembly.Exception) return;
      throw error;
    }
    fail('expected an exception, but it returned');
  }

  async #refused({ kind, definition, message }: Pick<Refusal, 'kind' | 'definition' | 'message'>): Promise<void> {
    let error: unknown;
    try {
      await this.#make(definition);
    } catch (thrown) {
      error = thrown;
    }
    if (error === undefined) fail(`expected ${JSON.stringify(message)}, but it is accepted`);
    const malformed = error instanceof MalformedError || error instanceof TextError;
    if (!malformed && !(error instanceof ValidationError)) throw error;
    // The engine has words of its own for core modules.
    if (definition.kind === 'module' && error instanceof ValidationError) return;
    if (kind === 'assert_malformed' && !malformed) fail(`expected malformed, got invalid: ${messageOf(error)}`);
    expectMessage(error, message);
  }

  async #unlinkable(definition: ScriptDefinition, message: string): Promise<void> {
    const made = await this.#make(definition);
    try {
      await this.#start(made);
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      if (made.kind === 'component') expectMessage(error, message);
      return;
    }
    fail(`expected ${JSON.stringify(message)}, but it was linked`);
  }
}

/** A function's value; the error of a `result` is one. */
async function answerOf(call: Callable, { result }: FuncType, args: readonly unknown[]): Promise<unknown> {
  if (result?.kind !== 'result') return await call(...args);
  try {
    return { tag: 'ok', val: await call(...args) };
  } catch (error) {
    if (!(error instanceof ComponentError)) throw error;
    return { tag: 'err', val: error.payload };
  }
}

/** The suites' messages are those of a runner that says in front of a trap that it is one. */
function expectMessage(error: unknown, message: string): void {
  const text = isStackOverflow(error) ? 'call stack exhausted' : (engineTrap(error)?.reason ?? messageOf(error));
  const found = error instanceof WebAssembly.RuntimeError ? `wasm trap: ${text}` : text;
  if (!found.includes(message)) fail(`expected ${JSON.stringify(message)}, got: ${found}`);
}

/** A value in a message. */
function show(value: unknown): string {
  const text = JSON.stringify(value, (_, inner) =>
    typeof inner === 'bigint' ? `${inner}` : inner instanceof Map ? [...inner] : inner,
  );
  return text === undefined ? 'nothing' : text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
