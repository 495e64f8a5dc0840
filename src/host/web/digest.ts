/**
 * SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012): who does not know the key cannot compute what was
 * hashed from the hash. The web's own hashes answer later, and a program that asks for a file's version wants it now.
 */

const WORD = (1n << 64n) - 1n;

const left = (x: bigint, by: bigint): bigint => ((x << by) | (x >> (64n - by))) & WORD;

class Sip {
  #v: [bigint, bigint, bigint, bigint];

  constructor(k0: bigint, k1: bigint) {
    this.#v = [k0 ^ 0x736f6d6570736575n, k1 ^ 0x646f72616e646f6dn, k0 ^ 0x6c7967656e657261n, k1 ^ 0x7465646279746573n];
  }

  #rounds(count: number): void {
    let [a, b, c, d] = this.#v;
    for (let round = 0; round < count; round++) {
      a = (a + b) & WORD;
      b = left(b, 13n) ^ a;
      a = left(a, 32n);
      c = (c + d) & WORD;
      d = left(d, 16n) ^ c;
      a = (a + d) & WORD;
      d = left(d, 21n) ^ a;
      c = (c + b) & WORD;
      b = left(b, 17n) ^ c;
      c = left(c, 32n);
    }
    this.#v = [a, b, c, d];
  }

  take(word: bigint): void {
    this.#v[3] ^= word;
    this.#rounds(2);
    this.#v[0] ^= word;
  }

  end(): bigint {
    this.#v[2] ^= 0xffn;
    this.#rounds(4);
    const [a, b, c, d] = this.#v;
    return a ^ b ^ c ^ d;
  }
}

/** The hash of `bytes` under a key of two words. */
export function sipHash(k0: bigint, k1: bigint, bytes: Uint8Array): bigint {
  const sip = new Sip(k0, k1);
  const whole = bytes.length - (bytes.length % 8);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < whole; at += 8) sip.take(view.getBigUint64(at, true));
  let last = BigInt(bytes.length & 0xff) << 56n;
  for (let at = whole; at < bytes.length; at++) last |= BigInt(view.getUint8(at)) << BigInt(8 * (at - whole));
  sip.take(last);
  return sip.end();
}
