import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
export function parseText(source: string): { kind: 'component'; bytes: Uint8Array<ArrayBuffer> } {
  const dir = mkdtempSync('/tmp/wt');
  writeFileSync(`${dir}/a.wat`, source);
  execFileSync('wasm-tools', ['parse', `${dir}/a.wat`, '-o', `${dir}/a.wasm`]);
  return { kind: 'component', bytes: new Uint8Array(readFileSync(`${dir}/a.wasm`)) };
}
