/** What an admin port answers: whether the server lives, whether it takes requests, and what it has counted. */
import type { HttpServerRequest } from '../host/http.ts';
import { answerText } from './plain.ts';

/** The media type of {@link prometheusText}. */
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export interface AdminState {
  /** Whether requests are taken: true from the first address on, false from the begin of the end. */
  isReady(): boolean;
  /** What was counted, in the text format of Prometheus. */
  metrics(): Promise<string>;
}

async function answer(request: HttpServerRequest, state: AdminState): Promise<void> {
  const path = request.path?.replace(/\?.*$/s, '');
  if (path !== '/healthz' && path !== '/readyz' && path !== '/metrics') {
    answerText(request, 404, 'there are /healthz, /readyz and /metrics\n');
  } else if (request.method !== 'GET' && request.method !== 'HEAD') {
    answerText(request, 405, 'only GET and HEAD\n', [['allow', 'GET, HEAD']]);
  } else if (path === '/metrics') {
    answerText(request, 200, await state.metrics(), [['content-type', METRICS_TYPE]]);
  } else {
    const isWell = path === '/healthz' || state.isReady();
    answerText(request, isWell ? 200 : 503, isWell ? 'ok\n' : 'not ready\n');
  }
}

/** Answers one request of the admin port; nothing is thrown. */
export function answerAdmin(request: HttpServerRequest, state: AdminState): void {
  answer(request, state).catch(() => answerText(request, 500, 'the counts cannot be had\n'));
}
