/** What others answer: `future-incoming-response` and `incoming-response` of `wasi:http/types`. */
import type { HttpErrorCode } from '../../host/http.ts';
import type { HttpClientResponse, HttpExchange } from '../../host/http-client.ts';
import { codeOf, hadBefore, IncomingBody } from './http-body.ts';
import { Fields } from './http-fields.ts';
import { Parent, type Pollable } from './poll.ts';

type Result<T, E> = { readonly tag: 'ok'; readonly val: T } | { readonly tag: 'err'; readonly val: E };

export class IncomingResponse {
  readonly #response: HttpClientResponse;
  #isConsumed = false;

  constructor(response: HttpClientResponse) {
    this.#response = response;
  }

  status(): number {
    return this.#response.status;
  }

  headers(): Fields {
    return Fields.of(this.#response.headers);
  }

  consume(): IncomingBody {
    if (this.#isConsumed) hadBefore();
    this.#isConsumed = true;
    return new IncomingBody(this.#response.body);
  }

  [Symbol.dispose](): void {
    if (!this.#isConsumed) this.#response.body.source.close();
  }
}

export class FutureIncomingResponse {
  readonly #exchange: HttpExchange;
  readonly #parent = new Parent();
  #isTaken = false;

  constructor(exchange: HttpExchange) {
    this.#exchange = exchange;
  }

  subscribe(): Pollable {
    return this.#parent.pollable(this.#exchange.response);
  }

  get(): Result<Result<IncomingResponse, HttpErrorCode>, undefined> | undefined {
    const { response } = this.#exchange;
    if (!response.ready()) return undefined;
    if (this.#isTaken) return { tag: 'err', val: undefined };
    this.#isTaken = true;
    try {
      return { tag: 'ok', val: { tag: 'ok', val: new IncomingResponse(response.result()) } };
    } catch (error) {
      return { tag: 'ok', val: { tag: 'err', val: codeOf(error) } };
    }
  }

  [Symbol.dispose](): void {
    if (!this.#isTaken) this.#forget();
    this.#parent.dropped('future-incoming-response');
  }

  /** Nobody will read the answer, if there is one. */
  #forget(): void {
    const { response } = this.#exchange;
    if (!response.ready()) {
      this.#exchange.close();
      return;
    }
    try {
      response.result().body.source.close();
    } catch {
      // There is no answer.
    }
  }
}
