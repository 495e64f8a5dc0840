import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { decodeComponent } from '../binary/decode.ts';
import { decodeModule } from '../core/decode.ts';
import { CodeWriter } from '../util/code-writer.ts';
import { capabilities, offers } from './capabilities.ts';
import { type Inspection, inspectComponent, inspectModule, type Part } from './inspect.ts';
import { recognise } from './recognise.ts';

type Fields = Readonly<Record<string, readonly (readonly [string, string])[]>>;

function producers(w: CodeWriter, fields: Fields): CodeWriter {
  return w
    .byte(0)
    .sized((s) =>
      s
        .name('producers')
        .vec(Object.entries(fields), ([field, tools]) =>
          s.name(field).vec(tools, ([name, version]) => s.name(name).name(version)),
        ),
    );
}

function core(): CodeWriter {
  return new CodeWriter().byte(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
}

function languagesBy(fields: Fields): readonly string[] {
  return inspectModule(decodeModule(producers(core(), fields).finish())).languages;
}

test('languages and engines by producers', () => {
  const by = (tool: string): readonly string[] => languagesBy({ 'processed-by': [[tool, '1']] });
  assert.deepEqual(languagesBy({ language: [['Rust', '']] }), ['Rust']);
  assert.deepEqual(
    languagesBy({
      language: [
        ['C11', ''],
        ['C_plus_plus_14', ''],
      ],
    }),
    ['C', 'C++'],
  );
  assert.deepEqual(by('TinyGo'), ['Go']);
  assert.deepEqual(by('componentize-py'), ['Python']);
  assert.deepEqual(by('clang'), []);
  const engine = (tool: string): readonly string[] =>
    inspectModule(decodeModule(producers(core(), { 'processed-by': [[tool, '1']] }).finish())).engines;
  assert.deepEqual(engine('componentize-qjs'), ['QuickJS']);
  assert.deepEqual(engine('ComponentizeJS'), ['StarlingMonkey']);
  assert.deepEqual(engine('componentize-js'), ['StarlingMonkey']);
  assert.deepEqual(engine('rustc'), []);
});

test('parts with their places, sizes and custom sections; everything is JSON', () => {
  const inner = producers(core(), { language: [['Rust', '']], 'processed-by': [['rustc', '1.80']] });
  inner.byte(0).sized((s) =>
    s
      .name('name')
      .byte(0)
      .sized((n) => n.name('inner')),
  );
  const bytes = new CodeWriter()
    .byte(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0)
    .byte(1)
    .sized((s) => s.raw(inner.view()))
    .byte(0)
    .sized((s) => s.name('note').byte(1, 2, 3))
    .finish();
  const found = inspectComponent(decodeComponent(bytes));
  assert.deepEqual(JSON.parse(JSON.stringify(found)).root.parts.length, 1);
  assert.equal(found.root.size, bytes.length);
  const part = found.root.parts[0]!;
  assert.equal(part.name, 'inner');
  assert.equal(part.size, inner.length);
  assert.equal(part.offset, 10);
  assert.deepEqual(
    part.customs.map((c) => c.name),
    ['producers', 'name'],
  );
  const note = found.root.customs[0]!;
  assert.deepEqual([note.name, note.size], ['note', 3]);
  assert.deepEqual([...bytes.slice(note.offset, note.offset + note.size)], [1, 2, 3]);
  assert.deepEqual(found.tools, ['rustc 1.80']);
});

test('a producers section that is not well formed says nothing and harms nothing', () => {
  const bytes = core()
    .byte(0)
    .sized((s) => s.name('producers').byte(9, 9, 9))
    .finish();
  assert.deepEqual(inspectModule(decodeModule(bytes)).languages, []);
});

test('HTTP in and out are told apart', () => {
  const names = (imports: readonly string[]): string[] => capabilities(imports).map((c) => c.name);
  assert.deepEqual(names(['wasi:http/types@0.2.12']), ['http types']);
  assert.deepEqual(names(['wasi:http/outgoing-handler@0.2.12', 'wasi:http/types@0.2.12']), ['http', 'http types']);
  assert.deepEqual(names(['wasi:http/client@0.3.0']), ['http']);
  assert.deepEqual(
    offers(['wasi:http/incoming-handler@0.2.12', 'wasi:cli/run@0.2.0', 'a:b/c']).map((o) => o.name),
    ['program', 'http server', 'other'],
  );
});

test('every import is in one group, each in the words of those who grant it', () => {
  const imports = [
    'wasi:filesystem/preopens@0.2.12',
    'wasi:sockets/tcp@0.2.12',
    'wasi:cli/environment@0.2.12',
    'wasi:cli/stdout@0.2.12',
    'wasi:clocks/wall-clock@0.2.12',
    'wasi:random/random@0.2.12',
    'wasi_snapshot_preview1#path_open',
    'wasi_snapshot_preview1#fd_write',
    'acme:own/thing',
  ];
  const groups = capabilities(imports);
  assert.deepEqual(
    groups.map((g) => [g.name, g.imports.length]),
    [
      ['files', 2],
      ['network', 1],
      ['environment', 1],
      ['streams', 2],
      ['clocks', 1],
      ['random', 1],
      ['other', 1],
    ],
  );
  assert.deepEqual(groups.flatMap((g) => g.imports).sort(), [...imports].sort());
});

const corpus = join(process.env['TENON_SHARED'] ?? join(import.meta.dirname, '../../../shared'), 'corpus');

function inspectFile(name: string): Inspection {
  const bytes = new Uint8Array(readFileSync(join(corpus, name)));
  return recognise(bytes, name).kind === 'component'
    ? inspectComponent(decodeComponent(bytes))
    : inspectModule(decodeModule(bytes));
}

function walk(part: Part): readonly Part[] {
  return [part, ...part.parts.flatMap(walk)];
}

const skip = existsSync(corpus) ? false : `the corpus is not at ${corpus}`;

describe('guests of public toolchains', { skip }, () => {
  const cases: readonly (readonly [file: string, language: string, engine: string | undefined, offer: string])[] = [
    ['as-hello-p1.wasm', 'AssemblyScript', undefined, 'program'],
    ['c-hello-p2.wasm', 'C', undefined, 'program'],
    ['cpp-wc-p2.wasm', 'C++', undefined, 'program'],
    ['go-hello-p2.wasm', 'Go', undefined, 'program'],
    ['js-cmd-qjs.wasm', 'JavaScript', 'QuickJS', 'program'],
    ['js-p3-http-qjs.wasm', 'JavaScript', 'QuickJS', 'http server'],
    ['py-cmd.wasm', 'Python', 'CPython', 'program'],
    ['rust-http2.wasm', 'Rust', undefined, 'http server'],
    ['rust-hello-p1.wasm', 'Rust', undefined, 'program'],
  ];
  for (const [file, language, engine, offer] of cases) {
    test(file, () => {
      const found = inspectFile(file);
      assert.ok(found.languages.includes(language), `${found.languages}`);
      assert.deepEqual(found.engines, engine === undefined ? [] : [engine]);
      assert.ok(found.offers.some((o) => o.name === offer));
      for (const part of walk(found.root)) {
        const inside = part.parts.reduce((sum, p) => sum + p.size, 0);
        assert.ok(part.size > inside, 'parts are smaller than the whole');
      }
    });
  }
});
