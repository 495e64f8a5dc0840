/** `wasi:http/types`, and `wasi:http/outgoing-handler` where nothing of the kind was granted: every request is refused. */
import { ComponentError } from '../../error/error.ts';
import type { HttpErrorCode } from '../../host/http.ts';
import { IoError } from './error.ts';
import { codeOf, FutureTrailers, IncomingBody, OutgoingBody } from './http-body.ts';
import { Fields } from './http-fields.ts';
import {
  FutureIncomingResponse,
  IncomingRequest,
  IncomingResponse,
  OutgoingRequest,
  OutgoingResponse,
  RequestOptions,
  ResponseOutparam,
} from './http-messages.ts';

function httpErrorCode(error: IoError): HttpErrorCode | undefined {
  const cause = IoError.httpCause(error);
  return cause === undefined ? undefined : codeOf(cause);
}

/** The interfaces of HTTP. */
export function makeHttp() {
  return {
    'wasi:http/types': {
      Fields,
      FutureIncomingResponse,
      FutureTrailers,
      IncomingBody,
      IncomingRequest,
      IncomingResponse,
      OutgoingBody,
      OutgoingRequest,
      OutgoingResponse,
      RequestOptions,
      ResponseOutparam,
      httpErrorCode,
    },
    'wasi:http/outgoing-handler': {
      handle(request: OutgoingRequest): never {
        OutgoingRequest.forget(request);
        throw new ComponentError({ tag: 'HTTP-request-denied' });
      },
    },
  };
}
