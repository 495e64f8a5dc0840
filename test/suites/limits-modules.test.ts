/** Core modules with checks written into them: they do what they did, every byte of the original has its place, and the engine agrees. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeModule } from '../../src/core/decode.ts';
import { limitModule } from '../../src/core/limited.ts';
import { FUEL, INTERRUPTION, type MeterKinds } from '../../src/core/meter.ts';
import { LEDGER_ENTRY, recyclable, whyNotRecyclable } from '../../src/core/recycle.ts';
import { newMemory } from '../../src/runtime/new-memory.ts';
import { assemble } from '../support/assemble.ts';
import { realModules } from '../support/engine-verdict.ts';
import { random } from '../support/mutate.ts';
import { randomModule } from '../support/random-code.ts';
import { needs } from '../support/shared.ts';

type Bytes = Uint8Array<ArrayBuffer>;
type Own = Record<string, WebAssembly.ImportValue>;

const KINDS: Readonly<Record<string, MeterKinds>> = {
  interruption: { interruption: true, fuel: false },
  fuel: { interruption: false, fuel: true },
  both: { interruption: true, fuel: true },
};

/** What metered modules import besides, and the fuel. */
function meters(): { readonly own: Own; readonly fuel: BigInt64Array } {
  const fuel = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const interruption = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const left = new BigInt64Array(fuel.buffer);
  left[0] = 1n << 60n;
  return { own: { [FUEL]: fuel, [INTERRUPTION]: interruption }, fuel: left };
}

interface Made {
  readonly exports: WebAssembly.Exports;
  readonly fuel: BigInt64Array | undefined;
}

function plain(bytes: Bytes): Made {
  return { exports: new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports, fuel: undefined };
}

function limited(bytes: Bytes, meter: MeterKinds): Made {
  const module = limitModule(decodeModule(bytes), { tag: '~1', meter });
  assert.ok(module !== undefined);
  const { own, fuel } = meters();
  for (const { index, type } of module.memories) own[`memory${index}`] = newMemory(type);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.bytes), { [module.from]: own });
  return { exports, fuel: meter.fuel ? fuel : undefined };
}

function recycled(bytes: Bytes, meter: MeterKinds): Made {
  const module = recyclable(decodeModule(bytes), { places: [0], tag: '~1', meter });
  const { own, fuel } = meters();
  const ledger = new WebAssembly.Memory({ initial: 1 });
  for (const { index, type } of module.memories) {
    own[`memory${index}`] = newMemory(type);
    new DataView(ledger.buffer as ArrayBuffer).setBigUint64(index * LEDGER_ENTRY, type.limits.min, true);
  }
  own['ledger'] = ledger;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.bytes), { [module.from]: own });
  return { exports, fuel };
}

/** What a few calls of all functions answer or throw, with the state that they leave; and what fuel they use. */
function behaviour({ exports, fuel }: Made): { readonly seen: readonly string[]; readonly used: readonly bigint[] } {
  const left = exports['left'] as WebAssembly.Global;
  const seen: string[] = [];
  const used: bigint[] = [];
  for (let call = 0; call < 12; call++) {
    left.value = 40;
    const before = fuel?.[0] ?? 0n;
    let answer: string;
    try {
      answer = String((exports[`f${call % 4}`] as (a: number, b: number) => number)(call * 7, call >> 2));
    } catch (error) {
      answer = error instanceof WebAssembly.Exception ? 'exception' : (error as Error).message;
    }
    used.push(before - (fuel?.[0] ?? 0n));
    seen.push(`${answer} ${String((exports['n'] as WebAssembly.Global).value)} ${String(left.value)}`);
  }
  const memory = new Uint8Array((exports['mem'] as WebAssembly.Memory).buffer as ArrayBuffer).slice(0, 1024);
  return { seen: [...seen, Buffer.from(memory).toString('hex')], used };
}

test('generated modules do what they did, and use the same fuel in every form', () => {
  let exceptions = 0;
  let loops = 0;
  for (let seed = 1; seed <= 150; seed++) {
    const bytes = assemble(randomModule(random(seed)));
    const expected = behaviour(plain(bytes)).seen;
    const used: string[] = [];
    for (const kinds of Object.values(KINDS)) {
      assert.equal(whyNotRecyclable(decodeModule(bytes)), undefined);
      for (const form of [limited, recycled]) {
        const found = behaviour(form(bytes, kinds));
        assert.deepEqual(found.seen, expected, `seed ${seed}`);
        if (kinds.fuel) used.push(found.used.join());
      }
    }
    assert.equal(new Set(used).size, 1, `seed ${seed}`);
    exceptions += expected.filter((one) => one.startsWith('exception')).length;
    loops += expected.filter((one) => !one.endsWith(' 40')).length;
  }
  assert.ok(exceptions > 20, `${exceptions} exceptions`);
  assert.ok(loops > 200, `${loops} calls with loops`);
});

describe('real modules', needs('corpus'), () => {
  for (const [name, meter] of Object.entries(KINDS)) {
    test(`are valid with checks of ${name}, and every byte has its place`, () => {
      let count = 0;
      let copied = 0;
      for (const { name: from, bytes } of realModules()) {
        if (!WebAssembly.validate(bytes)) continue;
        const module = limitModule(decodeModule(bytes), { tag: '~1', meter });
        if (module === undefined) continue;
        count++;
        assert.ok(WebAssembly.validate(module.bytes), from);
        for (let i = 0; i < module.bytes.length; i += 1 + (i >> 8)) {
          const original = module.map.original(i);
          if (original === undefined) continue;
          copied++;
          assert.equal(module.bytes[i], bytes[original], `${from}: ${i}`);
          assert.equal(module.map.rewritten(original), i, from);
        }
        const kept = WebAssembly.Module.exports(new WebAssembly.Module(module.bytes));
        assert.deepEqual(kept, WebAssembly.Module.exports(new WebAssembly.Module(bytes)), from);
      }
      assert.ok(count > 100, `${count} modules`);
      assert.ok(copied > 10_000, `${copied} bytes`);
    });
  }
});

test('a module that nothing concerns stays as it is', () => {
  const bytes = assemble('(module (memory 1) (func (export "f") (result i32) (i32.const 1)))');
  assert.equal(limitModule(decodeModule(bytes), { tag: '~1', meter: KINDS['interruption']! }), undefined);
});

test('what a module imports under the name that checks use stays its own', () => {
  const bytes = assemble(`(module
    (import "tenon:limits" "interruption" (func $i)) (memory 1) (func (export "f") (loop $l (call $i) (br_if $l (i32.const 0)))))`);
  const module = limitModule(decodeModule(bytes), { tag: '~1', meter: KINDS['interruption']! });
  assert.equal(module?.from, "tenon:limits'");
  assert.ok(WebAssembly.validate(module.bytes));
});
