/** A hostile component cannot reach the host: forged handles, handles used too late or too often, destructors that misbehave. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { Trap, type TrapCode } from '../../src/index.ts';
import { control } from '../../src/runtime/control.ts';
import { EDGES, type Edge } from '../support/party.ts';
import { DTOR, type Things, things } from '../support/things.ts';
import { watchHost } from '../support/untouched.ts';

const MODES = ['generated', 'interpreted'] as const;
type Mode = (typeof MODES)[number];

const untouched = watchHost();
after(untouched);

const trap =
  (code: TrapCode) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof Trap, `a trap, not ${String(error)}`);
    assert.equal(error.code, code, error.message);
    return true;
  };

/** The call must trap, and end the receiver's store. */
function attacked(it: Things, code: TrapCode, call: () => unknown): void {
  assert.throws(call, trap(code));
  assert.equal(it.receiver.alive, false, 'its store is dead');
  assert.throws(() => it.receiver.call('make'), { code: 'store-dead' });
}

const bystanders = new Map<string, Promise<Things>>();

function everywhere(name: string, run: (edge: Edge, mode: Mode) => Promise<void>, edges = EDGES): void {
  describe(name, () => {
    for (const edge of edges)
      for (const mode of MODES)
        test(`${edge === 'host' ? 'of the host' : `of a guest (${edge})`}, ${mode}`, async () => {
          const key = `${edge} ${mode}`;
          const other = bystanders.get(key) ?? things(edge, { mode });
          bystanders.set(key, other);
          await other;
          await run(edge, mode);
          const { receiver } = await other;
          const index = receiver.call('make');
          receiver.call('call-use', index);
          receiver.call('call-drop', index);
          untouched();
        });
  });
}

/** The calls of the receiver that take a handle of another's resource. */
const TAKERS = ['call-use', 'call-eat', 'call-drop'] as const;

describe('a handle that was never given', () => {
  for (const [what, index] of [
    ['index 0', 0],
    ['an unknown index', 2],
    ['a large index', 1_000_000],
    ['index 2^28', 2 ** 28],
    ['index 2^31', 2 ** 31],
    ['index 2^32 - 1', 2 ** 32 - 1],
  ] as const) {
    for (const taker of TAKERS) {
      everywhere(`${what}, ${taker}`, async (edge, mode) => {
        const it = await things(edge, { mode });
        assert.equal(it.receiver.call('make'), 1);
        attacked(it, 'unknown-handle', () => it.receiver.call(taker, index));
      });
    }
  }
  everywhere('in a list', async (edge, mode) => {
    const it = await things(edge, { mode });
    it.receiver.call('poke', 64, it.receiver.call('make'));
    it.receiver.call('poke', 68, 99);
    attacked(it, 'unknown-handle', () => it.receiver.call('call-eat-list', 64, 2));
  });
});

describe('a handle of another type', () => {
  for (const taker of TAKERS) {
    everywhere(`${taker}`, async (edge, mode) => {
      const it = await things(edge, { mode });
      const other = it.receiver.call('make-other');
      attacked(it, 'wrong-handle-type', () => it.receiver.call(taker, other));
    });
    everywhere(`its own, ${taker}`, async (edge, mode) => {
      const it = await things(edge, { mode });
      const mine = it.receiver.call('new-mine', 5);
      attacked(it, 'wrong-handle-type', () => it.receiver.call(taker, mine));
    });
  }
  for (const call of ['rep-mine', 'drop-mine']) {
    everywhere(`${call} of what is not its own`, async (edge, mode) => {
      const it = await things(edge, { mode });
      const index = it.receiver.call('make');
      attacked(it, 'wrong-handle-type', () => it.receiver.call(call, index));
    });
    everywhere(`${call} of nothing`, async (edge, mode) => {
      const it = await things(edge, { mode });
      attacked(it, 'unknown-handle', () => it.receiver.call(call, 0));
    });
  }
});

describe('a handle used too late', () => {
  for (const first of ['call-drop', 'call-eat'] as const) {
    for (const taker of TAKERS) {
      everywhere(`${taker} after ${first}`, async (edge, mode) => {
        const it = await things(edge, { mode });
        const index = it.receiver.call('make');
        it.receiver.call(first, index);
        attacked(it, 'unknown-handle', () => it.receiver.call(taker, index));
      });
    }
  }
  everywhere('moved twice in one call', async (edge, mode) => {
    const it = await things(edge, { mode });
    const index = it.receiver.call('make');
    attacked(it, 'unknown-handle', () => it.receiver.call('call-eat-two', index, index));
  });
  everywhere('moved twice in one list', async (edge, mode) => {
    const it = await things(edge, { mode });
    const index = it.receiver.call('make');
    it.receiver.call('poke', 64, index);
    it.receiver.call('poke', 68, index);
    attacked(it, 'unknown-handle', () => it.receiver.call('call-eat-list', 64, 2));
  });
  for (const taker of TAKERS) {
    everywhere(`a borrow after its call, ${taker}`, async (edge, mode) => {
      const it = await things(edge, { mode });
      const make = it.owner['make'] as () => unknown;
      it.receiver.call('hold', make());
      attacked(it, 'unknown-handle', () => it.receiver.call(taker, it.receiver.call('saved')));
    });
  }
});

describe('a borrow', () => {
  const given = (it: Things): unknown => (it.owner['make'] as () => unknown)();
  everywhere('that is kept beyond its call', async (edge, mode) => {
    const it = await things(edge, { mode });
    attacked(it, 'borrows-remain', () => it.receiver.call('keep', given(it)));
  });
  everywhere('that is moved as if it were owned', async (edge, mode) => {
    const it = await things(edge, { mode });
    attacked(it, 'not-owned', () => it.receiver.call('move', given(it)));
  });
});

describe('a handle that is lent', () => {
  for (const taker of ['call-drop', 'call-eat'] as const) {
    everywhere(`${taker} meanwhile`, async (edge, mode) => {
      const holder: { ping?: () => unknown } = {};
      const it = await things(edge, { mode }, () => holder.ping?.());
      const index = it.receiver.call('make');
      holder.ping = () => it.receiver.call(taker, index);
      attacked(it, 'handle-borrowed', () => it.receiver.call('call-use', index));
    });
  }
  everywhere('and moved by the same call', async (edge, mode) => {
    const it = await things(edge, { mode });
    const index = it.receiver.call('make');
    attacked(it, 'handle-borrowed', () => it.receiver.call('call-swap', index, index));
  });
  everywhere('may be lent again', async (edge, mode) => {
    const holder: { ping?: (() => unknown) | undefined } = {};
    const it = await things(edge, { mode }, () => holder.ping?.());
    const index = it.receiver.call('make');
    holder.ping = () => {
      holder.ping = undefined;
      it.receiver.call('call-use', index);
    };
    it.receiver.call('call-use', index);
    it.receiver.call('call-drop', index);
  });
});

describe('a destructor that', () => {
  const DTORS: readonly [keyof typeof DTOR, TrapCode][] = [
    ['trap', 'unreachable'],
    ['throw', 'uncaught-exception'],
    ['recurse', 'stack-exhausted'],
  ];
  const set = (it: Things, mode: number): unknown => (it.owner['set'] as (mode: number) => unknown)(mode);
  for (const [what, code] of DTORS) {
    const guests = EDGES.filter((edge) => edge !== 'host');
    for (const taker of ['call-drop', 'call-eat'] as const) {
      const name = `${what}s, in ${taker}`;
      everywhere(
        name,
        async (edge, mode) => {
          const it = await things(edge, { mode });
          const index = it.receiver.call('make');
          set(it, DTOR[what]);
          attacked(it, code, () => it.receiver.call(taker, index));
          assert.equal(it.ownerAlive(), false);
        },
        guests,
      );
    }
    everywhere(
      `${what}s, when the host drops the handle`,
      async (edge, mode) => {
        const it = await things(edge, { mode });
        const thing = (it.owner['make'] as () => Disposable)();
        set(it, DTOR[what]);
        assert.throws(() => thing[Symbol.dispose](), trap(code));
        assert.equal(it.ownerAlive(), false);
        assert.equal(it.receiver.alive, edge === 'live', 'the store of the owner alone has ended');
        thing[Symbol.dispose]();
      },
      guests,
    );
  }
});

describe('handles without end', () => {
  for (const mode of MODES) {
    test(`the table is full some day, and its memory is bounded, ${mode}`, async () => {
      for (let round = 0; round < 2; round++) {
        const it = await things('host', { mode });
        attacked(it, 'table-full', () => it.receiver.call('fill'));
        assert.ok(control.i32.byteLength <= 2 ** 27, `the control memory has ${control.i32.byteLength} bytes`);
      }
    });
  }
});
