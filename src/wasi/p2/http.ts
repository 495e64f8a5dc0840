/** `wasi:http/types` and `wasi:http/outgoing-handler`. */
import type { HttpErrorCode } from '../../host/http.ts';
import { IoError } from './error.ts';
import { FutureIncomingResponse, IncomingResponse } from './http-answers.ts';
import { codeOf, FutureTrailers, IncomingBody, OutgoingBody } from './http-body.ts';
import { Fields } from './http-fields.ts';
import {
  IncomingRequest,
  OutgoingRequest,
  OutgoingResponse,
  RequestOptions,
  ResponseOutparam,
} from './http-messages.ts';
import type { OutgoingHandler } from './http-outgoing.ts';

function httpErrorCode(error: IoError): HttpErrorCode | undefined {
  const cause = IoError.httpCause(error);
  return cause === undefined ? undefined : codeOf(cause);
}

/** The interfaces of HTTP; requests to others go by `outgoing`. */
export function makeHttp(outgoing: OutgoingHandler) {
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
      handle: (request: OutgoingRequest, options: RequestOptions | undefined) => outgoing.handle(request, options),
    },
  };
}
