// A server that asks another: the target is in the field `x-target`, bodies go through as they come.
addEventListener('fetch', (event) => event.respondWith(pass(event.request)));

async function pass(request) {
  const target = request.headers.get('x-target');
  const hasBody = request.method !== 'GET' && request.method !== 'HEAD';
  try {
    const answer = await fetch(target, { method: request.method, ...(hasBody ? { body: request.body } : {}) });
    return new Response(answer.body, { status: answer.status, headers: { 'x-answer': answer.headers.get('x-answer') ?? '' } });
  } catch (error) {
    return new Response(`failed: ${error}`, { status: 502 });
  }
}
