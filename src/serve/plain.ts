/** Answers that no program gave: a line of text. */
import type { HttpServerRequest } from '../host/http.ts';

const bytes = /* @__PURE__ */ new TextEncoder();

/** Answers with `status` and `text`, which ends in a line end. */
export function answerText(
  request: Pick<HttpServerRequest, 'respond'>,
  status: number,
  text: string,
  more: readonly (readonly [string, string])[] = [],
): void {
  const body = bytes.encode(text);
  const own: readonly (readonly [string, string])[] = [
    ['content-type', 'text/plain; charset=utf-8'],
    ['content-length', `${body.length}`],
  ];
  const given = new Set(more.map(([name]) => name));
  const fields = [...own.filter(([name]) => !given.has(name)), ...more];
  const out = request.respond(status, fields);
  out.sink.write(body);
  out.finish(undefined);
}
