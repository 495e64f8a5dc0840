/**
 * Serves a component of the world `wasi:http/proxy`: every request is answered by an instance of its own, or by one that has answered
 * others and answers one at a time. Platform-neutral: requests come from whatever speaks HTTP.
 */
import { UsageError } from '../error/error.ts';
import { LimitError } from '../error/limit.ts';
import type { HttpServerRequest } from '../host/http.ts';
import type { Component } from '../runtime/component.ts';
import type { Instance, InstancePre } from '../runtime/instance.ts';
import { promisedFunctionOf } from '../runtime/promised-function.ts';
import { compareSemver, parseSemver, splitVersion } from '../types/semver.ts';
import { exitOf } from '../wasi/p2/exit.ts';
import { IncomingRequest, ResponseOutparam } from '../wasi/p2/http-messages.ts';
import { Exchange, plain, statusOf } from './exchange.ts';
import { Counters, type ServeMetrics } from './metrics.ts';

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
}

/** How a request was answered. */
export interface Served {
  readonly method: string;
  readonly path: string;
  /** What the client was told; 0 where it was told nothing, since it had gone or an answer was cut short. */
  readonly status: number;
  readonly milliseconds: number;
  /** Why the guest failed, where it did. */
  readonly failure: unknown;
}

/** A component that is linked, and the name of its handler. */
export interface Program {
  readonly pre: InstancePre;
  readonly handler: string;
}

interface Worker {
  readonly program: Program;
  readonly instance: Instance;
  readonly handle: Handle;
  uses: number;
}

type Handle = (request: IncomingRequest, out: ResponseOutparam) => Promise<void>;

const RETRY_AFTER = '1';
/** Why a request failed that no trap ended. */
class ServeFailure extends Error {
  override readonly name = 'ServeFailure';
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The code of a failure, for counters. */
function codeOf(failure: unknown): string {
  const code = (failure as { readonly code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : 'error';
}

/** Answers requests with instances of one component, which another may take the place of. */
export class HttpService {
  readonly #counters = new Counters();
  #program: Program;
  readonly #limits: ServeLimits;
  readonly #onServed: (served: Served) => void;
  readonly #idle: Worker[] = [];
  #active = 0;
  /** How often pools of programs that were replaced gave an instance out again. */
  #renewedBefore = 0;

  constructor(program: Program, limits: ServeLimits, onServed: (served: Served) => void = () => {}) {
    this.#program = program;
    this.#limits = limits;
    this.#onServed = onServed;
  }

  /** Requests under way. */
  get active(): number {
    return this.#active;
  }

  /** What has been counted; `memory` is what the platform says of it. */
  metrics(memory: ServeMetrics['memory']): ServeMetrics {
    return this.#counters.get({
      active: this.#active,
      memory,
      renewed: this.#renewedBefore + (this.#program.pre.pool?.reused ?? 0),
      alive: this.#active + this.#idle.length,
    });
  }

  /** Later requests are answered by another program; those under way end where they are. */
  replace(program: Program): void {
    this.#renewedBefore += this.#program.pre.pool?.reused ?? 0;
    this.#program = program;
    this[Symbol.dispose]();
  }

  /** Answers one request; whatever happens, its client hears of it, and nothing is thrown. */
  async serve(request: HttpServerRequest): Promise<void> {
    const begin = performance.now();
    const exchange = new Exchange(request);
    let failure: unknown;
    if (this.#active >= this.#limits.concurrency) {
      this.#counters.refused++;
      plain(exchange, 503, 'too many requests are under way', [['retry-after', RETRY_AFTER]]);
    } else {
      this.#active++;
      try {
        failure = await this.#handle(exchange);
      } finally {
        this.#active--;
      }
    }
    const milliseconds = performance.now() - begin;
    this.#counters.answered(exchange.status, milliseconds / 1000);
    if (failure !== undefined) this.#counters.failed(codeOf(failure));
    const { method, path = '*' } = request;
    this.#onServed({ method, path, status: exchange.status, milliseconds, failure });
  }

  /** Answers why it failed. */
  async #handle(exchange: Exchange): Promise<unknown> {
    let worker: Worker | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = (): void => worker?.instance[Symbol.dispose]();
    try {
      worker = this.#take();
      const out = new ResponseOutparam(exchange);
      let isLate = false;
      let isGone = false;
      timer = setTimeout(() => {
        isLate = true;
        end();
      }, this.#limits.timeout);
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
          if (isGone) return undefined;
          return this.#failed(exchange, isLate, error);
        }
      }
      return this.#answered(exchange, worker, out);
    } catch (error) {
      return this.#failed(exchange, false, error);
    } finally {
      exchange.isOver = true;
      clearTimeout(timer);
      if (worker !== undefined) this.#giveBack(worker);
    }
  }

  #failed(exchange: Exchange, isLate: boolean, error: unknown): unknown {
    if (isLate || this.#computedTooLong(error)) {
      exchange.fail(504, 'the answer took too long');
      return new ServeFailure('timeout', `no answer within ${this.#limits.timeout} ms`);
    }
    exchange.fail(500, 'the program failed');
    return error;
  }

  /** A timer has no turn while a program computes: its limit ends it then. */
  #computedTooLong(error: unknown): boolean {
    return error instanceof LimitError && error.limit !== 'fuel' && error.allowed >= this.#limits.timeout;
  }

  #answered(exchange: Exchange, worker: Worker, out: ResponseOutparam): unknown {
    worker.uses++;
    const answer = ResponseOutparam.answerOf(out);
    if (answer.kind === 'response') return undefined;
    if (answer.kind === 'none') {
      exchange.fail(500, 'the program gave no answer');
      return new ServeFailure(
        'no-answer',
        'the program returned without an answer: it did not call response-outparam.set',
      );
    }
    exchange.fail(statusOf(answer.code.tag), `the program answered with an error: ${answer.code.tag}`);
    return new ServeFailure(answer.code.tag, `the program answered with the error ${answer.code.tag}`);
  }

  #take(): Worker {
    const idle = this.#idle.pop();
    if (idle !== undefined) {
      this.#counters.reused++;
      return idle;
    }
    const begin = performance.now();
    const program = this.#program;
    const instance = program.pre.instantiate();
    const handle = promisedFunctionOf(instance, program.handler, 'handle') as Handle;
    this.#counters.made++;
    this.#counters.started((performance.now() - begin) / 1000);
    return { program, instance, handle, uses: 0 };
  }

  #giveBack(worker: Worker): void {
    const { instance, uses, program } = worker;
    const isWanted = uses > 0 && uses < this.#limits.reuse && program === this.#program && instance.alive;
    if (isWanted) this.#idle.push(worker);
    else instance[Symbol.dispose]();
  }

  /** Disposes of what waits for requests. */
  [Symbol.dispose](): void {
    for (const { instance } of this.#idle.splice(0)) instance[Symbol.dispose]();
  }
}
