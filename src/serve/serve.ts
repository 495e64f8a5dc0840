/**
 * Serves a component of the world `wasi:http/proxy`: every request is answered by an instance of its own, or by one that has answered
 * others and answers one at a time. Platform-neutral: requests come from whatever speaks HTTP.
 */
import { UsageError } from '../error/error.ts';
import { LimitError } from '../error/limit.ts';
import type { Sink } from '../host/host.ts';
import type { HttpFields, HttpIncomingBody, HttpOutgoingBody, HttpServerRequest } from '../host/http.ts';
import type { Component } from '../runtime/component.ts';
import type { Instance, InstancePre } from '../runtime/instance.ts';
import { planOf } from '../runtime/loaded.ts';
import { countMemories } from '../runtime/memories.ts';
import { promisedFunctionOf } from '../runtime/promised-function.ts';
import { compareSemver, parseSemver, splitVersion } from '../types/semver.ts';
import { exitOf } from '../wasi/p2/exit.ts';
import { IncomingRequest, ResponseOutparam } from '../wasi/p2/http-messages.ts';
import { announcedLength, limitedBody } from './body-limit.ts';
import { type Deadline, Deadlines } from './deadlines.ts';
import { Meter, type Outcome } from './metrics.ts';
import { answerText } from './plain.ts';

const HANDLER = 'wasi:http/incoming-handler';

/** The newest `wasi:http/incoming-handler` that a component exports and that can be called. Throws UsageError. */
export function handlerExport(component: Component, path: string): string {
  const exports = component.exports.map(({ name }) => name);
  const version = (name: string) => parseSemver(splitVersion(name).version ?? '0.0.0');
  const [best] = exports
    .filter((name) => splitVersion(name).name === HANDLER && version(name).major === 0n && version(name).minor === 2n)
    .sort((a, b) => compareSemver(version(b), version(a)));
  if (best !== undefined) return best;
  const newer = exports.find((name) => /^wasi:http\/(?:handler|service)/.test(name));
  throw new UsageError('no-handler', `${path} handles no HTTP requests: it exports no ${HANDLER}`, {
    expected: `an export ${HANDLER}@0.2.x`,
    found: exports.join(', ') || 'no exports',
    hint:
      newer === undefined
        ? 'build it for the world wasi:http/proxy; a program with wasi:cli/run is for `tenon run`'
        : 'it is built for WASI 0.3, which this version of Tenon does not have: build it for WASI 0.2',
  });
}

export interface ServeLimits {
  /** Requests under way at once; what comes then is answered 503. */
  readonly concurrency: number;
  /** Milliseconds from a request to the end of its answer. */
  readonly timeout: number;
  /** Requests that one instance answers, one after the other. */
  readonly reuse: number;
  /** Bytes of a request's body; undefined: as many as come, with back-pressure. */
  readonly body?: number | undefined;
}

/** How a request was answered. */
export interface Served {
  readonly method: string;
  readonly path: string;
  /** What the client was told; 0 where it was told nothing, since it had gone or an answer was cut short. */
  readonly status: number;
  readonly milliseconds: number;
  readonly outcome: Outcome;
  /** Why the guest failed, where it did. */
  readonly failure: unknown;
}

/** A component as it is served: linked, and the export that is called. */
export interface Handler {
  readonly pre: InstancePre;
  readonly name: string;
  /** Instances that there may be at once. */
  readonly most: number;
}

/**
 * Memories of instances under way. The engine has addresses for 15,600, since it reserves 8 GiB for each, of 128 TiB: whoever asks for more
 * waits for seconds, until all garbage has been collected several times. As many again may have ended, and not have been collected.
 */
const MEMORIES = 6_000;

/** A component that is linked, and exports a handler under `name`. */
export function handlerOf(component: Component, name: string, pre: InstancePre): Handler {
  // The pool counts in one of its own what an instance has grown by.
  const each = countMemories(planOf(component)!) + 1;
  return { pre, name, most: Math.floor(MEMORIES / each) };
}

interface Worker {
  readonly handler: Handler;
  readonly instance: Instance;
  readonly handle: Handle;
  uses: number;
}

type Handle = (request: IncomingRequest, out: ResponseOutparam) => Promise<void>;

const RETRY_AFTER = '1';

/** Of as many requests as met the end of what the engine has, so many are let in again, until there are half as many. */
const ROOM = 15 / 16;

/** Whether the engine has no memory, or no stack, for one instance more: the request could be answered later. */
function isNoRoom(error: unknown): boolean {
  if (error instanceof LimitError) return error.limit === 'memory';
  return error instanceof UsageError && error.code === 'too-many-suspended';
}

/** Status codes of what a guest answers in place of a response. */
function statusOf(tag: string): number {
  if (tag === 'HTTP-request-denied') return 403;
  if (tag === 'HTTP-request-body-size') return 413;
  if (tag === 'HTTP-request-URI-too-long') return 414;
  if (tag === 'HTTP-request-method-invalid' || tag === 'HTTP-request-URI-invalid') return 400;
  return 500;
}

/** A request, its answer, and what has become of it. */
class Exchange implements HttpServerRequest, HttpOutgoingBody {
  readonly #request: HttpServerRequest;
  readonly #most: number | undefined;
  #body: HttpIncomingBody | undefined;
  #answer: HttpOutgoingBody | undefined;
  status = 0;
  isOver = false;
  /** Whether its answer is whole, or was cut short from here. */
  hasEnded = false;
  outcome: Outcome = 'answered';
  /** Whether the body is longer than it may be. */
  isTooLong = false;

  /** `most`: bytes of its body. */
  constructor(request: HttpServerRequest, most: number | undefined) {
    this.#request = request;
    this.#most = most;
    this.isTooLong = most !== undefined && announcedLength(request.headers) > most;
  }

  get method(): string {
    return this.#request.method;
  }

  get scheme(): string {
    return this.#request.scheme;
  }

  get authority(): string | undefined {
    return this.#request.authority;
  }

  get path(): string | undefined {
    return this.#request.path;
  }

  get headers(): HttpFields {
    return this.#request.headers;
  }

  get body(): HttpIncomingBody {
    if (this.#most === undefined) return this.#request.body;
    this.#body ??= limitedBody(this.#request.body, this.#most, () => {
      this.isTooLong = true;
    });
    return this.#body;
  }

  onGone(done: () => void): void {
    this.#request.onGone(done);
  }

  respond(status: number, headers: HttpFields): HttpOutgoingBody {
    this.status = status;
    this.#answer = this.#request.respond(status, headers);
    return this;
  }

  get sink(): Sink {
    return this.#answer!.sink;
  }

  finish(trailers: HttpFields | undefined): void {
    this.hasEnded = true;
    this.#answer!.finish(trailers);
  }

  abort(): void {
    this.hasEnded = true;
    this.status = 0;
    this.#answer!.abort();
  }

  /** There is no room for it now. */
  refuse(): void {
    this.outcome = 'refused';
    answerText(this, 503, 'too many requests are under way\n', [['retry-after', RETRY_AFTER]]);
  }

  /** Its body announces more than it may be: nothing of it is read. */
  refuseBody(): void {
    this.outcome = 'refused';
    answerText(this, 413, 'the body is too long\n');
  }

  /** The guest gives no answer, or no more of it: the client hears `status`, or that its answer is cut short. */
  fail(status: number, message: string): void {
    if (this.hasEnded) return;
    if (this.#answer !== undefined) this.abort();
    else if (this.isTooLong) answerText(this, 413, 'the body is too long\n');
    else answerText(this, status, `${message}\n`);
  }
}

/** Answers requests with instances of one component, which may be exchanged. */
export class HttpService {
  readonly meter = new Meter();
  #handler: Handler;
  readonly #limits: ServeLimits;
  readonly #onServed: (served: Served) => void;
  readonly #idle: Worker[] = [];
  readonly #deadlines: Deadlines;
  /** Requests that fit the engine, as far as is known: looking for more costs it a collection of all garbage each time. */
  #ceiling = Number.POSITIVE_INFINITY;

  constructor(handler: Handler, limits: ServeLimits, onServed: (served: Served) => void = () => {}) {
    this.#handler = handler;
    this.#limits = limits;
    this.#deadlines = new Deadlines(limits.timeout);
    this.#onServed = onServed;
  }

  /** From now on requests are answered by `handler`; those under way are finished by what began them. */
  exchange(handler: Handler): void {
    this.#handler = handler;
    this.meter.reloads++;
    this.#disposeIdle();
  }

  /** Answers one request; whatever happens, its client hears of it, and nothing is thrown. */
  async serve(request: HttpServerRequest): Promise<void> {
    const { meter } = this;
    const begin = performance.now();
    const exchange = new Exchange(request, this.#limits.body);
    let failure: unknown;
    if (meter.active < this.#ceiling / 2) this.#ceiling = Number.POSITIVE_INFINITY;
    const most = Math.min(this.#limits.concurrency, this.#handler.most, this.#ceiling);
    if (exchange.isTooLong) exchange.refuseBody();
    else if (meter.active >= most) exchange.refuse();
    else {
      meter.active++;
      try {
        failure = await this.#handle(exchange, begin);
      } finally {
        meter.active--;
      }
    }
    const { method, path = '*' } = request;
    const { status, outcome } = exchange;
    const milliseconds = performance.now() - begin;
    meter.served(status, outcome, milliseconds);
    this.#onServed({ method, path, status, outcome, milliseconds, failure });
  }

  /** Answers why it failed; it came at `begin`. */
  async #handle(exchange: Exchange, begin: number): Promise<unknown> {
    let worker: Worker | undefined;
    let deadline: Deadline | undefined;
    const end = (): void => worker?.instance[Symbol.dispose]();
    try {
      worker = this.#take();
      const out = new ResponseOutparam(exchange);
      let isLate = false;
      let isGone = false;
      deadline = this.#deadlines.add(begin, () => {
        isLate = true;
        end();
      });
      exchange.onGone(() => {
        if (exchange.isOver || exchange.hasEnded) return;
        isGone = true;
        end();
      });
      try {
        await worker.handle(new IncomingRequest(exchange), out);
      } catch (error) {
        // A program that calls exit after its answer has not failed.
        if (exitOf(error)?.exitCode !== 0) {
          if (isGone) {
            exchange.outcome = 'gone';
            return undefined;
          }
          return this.#failed(exchange, isLate, error);
        }
      }
      return this.#answered(exchange, worker, out);
    } catch (error) {
      return this.#failed(exchange, false, error);
    } finally {
      exchange.isOver = true;
      if (deadline !== undefined) this.#deadlines.delete(deadline);
      if (worker !== undefined) this.#giveBack(worker);
      // An answer may wait for long behind others of its connection: it holds no instance meanwhile.
      worker = undefined;
    }
  }

  #failed(exchange: Exchange, isLate: boolean, error: unknown): unknown {
    if (isLate || this.#computedTooLong(error)) {
      exchange.outcome = 'late';
      exchange.fail(504, 'the answer took too long');
      return new Error(`no answer within ${this.#limits.timeout} ms`);
    }
    if (isNoRoom(error) && exchange.status === 0) {
      this.#ceiling = Math.max(1, this.meter.active * ROOM);
      exchange.refuse();
      return error;
    }
    exchange.outcome = 'failed';
    exchange.fail(500, 'the program failed');
    return error;
  }

  /** A timer has no turn while a program computes: its limit ends it then. */
  #computedTooLong(error: unknown): boolean {
    if (!(error instanceof LimitError)) return false;
    return (error.limit === 'cpu' || error.limit === 'time') && error.allowed >= this.#limits.timeout;
  }

  #answered(exchange: Exchange, worker: Worker, out: ResponseOutparam): unknown {
    worker.uses++;
    const answer = ResponseOutparam.answerOf(out);
    if (answer.kind === 'response') return undefined;
    exchange.outcome = 'failed';
    if (answer.kind === 'none') {
      exchange.fail(500, 'the program gave no answer');
      return new Error('the program returned without an answer: it did not call response-outparam.set');
    }
    exchange.fail(statusOf(answer.code.tag), `the program answered with an error: ${answer.code.tag}`);
    return new Error(`the program answered with the error ${answer.code.tag}`);
  }

  #take(): Worker {
    const idle = this.#idle.pop();
    if (idle !== undefined) {
      this.meter.reused++;
      return idle;
    }
    const handler = this.#handler;
    const begin = performance.now();
    const instance = handler.pre.instantiate();
    const handle = promisedFunctionOf(instance, handler.name, 'handle') as Handle;
    this.meter.started(performance.now() - begin);
    return { handler, instance, handle, uses: 0 };
  }

  #giveBack(worker: Worker): void {
    const isCurrent = worker.handler === this.#handler;
    const mayGoOn = worker.uses > 0 && worker.uses < this.#limits.reuse && worker.instance.alive;
    if (isCurrent && mayGoOn) this.#idle.push(worker);
    else worker.instance[Symbol.dispose]();
  }

  #disposeIdle(): void {
    for (const { instance } of this.#idle.splice(0)) instance[Symbol.dispose]();
  }

  /** Disposes of what waits for requests. */
  [Symbol.dispose](): void {
    this.#disposeIdle();
    this.#deadlines[Symbol.dispose]();
  }
}
