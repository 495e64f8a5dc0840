/**
 * The order of the rooms of `src`, as data: a file may import from its own room and from rooms that stand before it, types included.
 * The longest matching path decides; a single file may be a room of its own.
 */
export const LAYERS: readonly string[] = [
  'src/util',
  'src/error',
  'src/types',
  // State that generated code reads directly; it imports nothing of the runtime.
  'src/runtime/control.ts',
  'src/core',
  'src/binary',
  'src/text',
  'src/wit',
  'src/validate',
  'src/wit-component',
  'src/wave',
  'src/inspect',
  'src/abi',
  'src/abi/js',
  'src/abi/fused',
  'src/link',
  'src/runtime',
  'src/bindgen',
  'src/wast',
  'src/observe',
  'src/grants',
  // The host interface and what is common to all platforms; the platforms themselves come after WASI.
  'src/host/host.ts',
  'src/host/http.ts',
  'src/host/streams.ts',
  'src/host/sockets.ts',
  'src/host/http-client.ts',
  'src/host/key-value.ts',
  'src/host/quota.ts',
  'src/host/walk.ts',
  // Platforms of the web alone: these know nothing of Node's.
  'src/host/memory',
  'src/host/web',
  'src/wasi',
  'src/host',
  'src/compose',
  'src/serve',
  'src/index.ts',
  // WASI on the web's own interfaces.
  'src/wasi-web.ts',
  // The entry points on Node: files, and WASI on this machine.
  'src/node.ts',
  'src/runtime-node.ts',
  'src/cli',
];

/** Rooms that may import `node:` modules; all others run wherever the web's own interfaces are. */
export const PLATFORM_ROOMS: readonly string[] = ['src/host/node', 'src/node.ts', 'src/runtime-node.ts', 'src/cli'];

/** The room of a file: an index into LAYERS, or -1 where the file has none. */
export function layerOf(file: string): number {
  let best = -1;
  for (const [index, room] of LAYERS.entries()) {
    const inside = file === room || file.startsWith(`${room}/`);
    if (inside && room.length > (LAYERS[best]?.length ?? 0)) {
      best = index;
    }
  }
  return best;
}
