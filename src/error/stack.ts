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

const FRAME = /^\s*at (?:(.*) \()?wasm:\/\/wasm\/(?:(.*)-)?[0-9a-f]{8}:wasm-function\[(\d+)\]:0x([0-9a-f]+)\)?$/;

/** The frames of guests in `stack`, innermost first; frames of Tenon's own shims and adapters are left out. */
export function wasmFrames(stack: string | undefined): readonly WasmFrame[] {
  const frames: WasmFrame[] = [];
  for (const line of (stack ?? '').split('\n')) {
    const match = FRAME.exec(line);
    if (match === null) continue;
    const [, label, module, index = '0', offset = '0'] = match;
    if (module?.startsWith('tenon') === true) continue;
    // V8 writes `module.function` where the module has a name.
    const name =
      module !== undefined && label?.startsWith(`${module}.`) === true ? label.slice(module.length + 1) : label;
    frames.push({ name, index: Number(index), offset: Number.parseInt(offset, 16), module });
  }
  return frames;
}
