/** Programs that ask others over HTTP: StarlingMonkey's `fetch`, in a command and in a server. */
import type { Source } from '../cases.ts';

export const HTTP_GUESTS: Readonly<Record<'fetch' | 'proxy', { readonly source: Source }>> = {
  fetch: { source: { from: 'build', recipe: 'starling-fetch', file: 'src/http/fetch.js' } },
  proxy: { source: { from: 'build', recipe: 'starling-serve', file: 'src/http/proxy.js' } },
};
