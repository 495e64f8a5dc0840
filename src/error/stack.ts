/** Reads the frames of core wasm out of an engine's stack text (V8's form). Other engines give no frames. */

export interface WasmFrame {
  /** From the name section, or undefined. */
  readonly name: string | undefined;
  /** Function index within its core module. */
  readonly index: number;
  /** Byte offset in the core module. */
  readonly offset: number;
  /** Name of the core module from its name section, or undefined. */
  readonly module: string | undefined;
}

/** What stands behind the name of a module that was rewritten. */
const TAG = /~(\d+)$/;

/** Rewritten modules that are remembered; the oldest are forgotten, and their frames keep the offsets of the rewritten bytes. */
const MAX_REWRITTEN = 1_000;

type Original = (offset: number) => number | undefined;

const rewritten = new Map<string, Original>();
let nextTag = 1;

/** A tag for the name of a module that is rewritten; `remember` is told, once it is, how its offsets become those of the original. */
export function tagRewritten(): { readonly tag: string; readonly remember: (original: Original) => void } {
  const number = String(nextTag++);
  return {
    tag: `~${number}`,
    remember(original) {
      const [oldest] = rewritten.size < MAX_REWRITTEN ? [] : rewritten.keys();
      if (oldest !== undefined) rewritten.delete(oldest);
      rewritten.set(number, original);
    },
  };
}

const FRAME = /^\s*at (?:(.*) \()?wasm:\/\/wasm\/(?:(.*)-)?[0-9a-f]{8}:wasm-function\[(\d+)\]:0x([0-9a-f]+)\)?$/;

/** The frames of guests in `stack`, innermost first; frames of Tenon's own shims and adapters are left out. */
export function wasmFrames(stack: string | undefined): readonly WasmFrame[] {
  const frames: WasmFrame[] = [];
  for (const line of (stack ?? '').split('\n')) {
    const match = FRAME.exec(line);
    if (match === null) continue;
    const [, label, shown, index = '0', offset = '0'] = match;
    if (shown?.startsWith('tenon') === true) continue;
    // V8 writes `module.function` where the module has a name.
    // It writes the module alone where the function has no name.
    const named = label === shown ? undefined : label;
    const name = shown !== undefined && label?.startsWith(`${shown}.`) === true ? label.slice(shown.length + 1) : named;
    frames.push({ name, index: Number(index), ...origin(shown, Number.parseInt(offset, 16)) });
  }
  return frames;
}

/** The module's own name, and the offset in its own bytes. */
function origin(shown: string | undefined, offset: number): Pick<WasmFrame, 'module' | 'offset'> {
  const tag = shown === undefined ? null : TAG.exec(shown);
  const original = tag === null ? undefined : rewritten.get(tag[1] ?? '');
  if (shown === undefined || tag === null || original === undefined) return { module: shown, offset };
  return { module: shown.slice(0, tag.index) || undefined, offset: original(offset) ?? offset };
}
