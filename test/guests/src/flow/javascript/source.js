// Bytes to read: see `source` in flow.wit.
const MULTIPLIER = 2_654_435_761;

export const source = {
  async bytes(size, piece) {
    const total = Number(size);
    return (async function* () {
      for (let at = 0; at < total; at += piece) {
        const end = Math.min(total, at + piece);
        const first = Math.floor(at / 4);
        const words = new Uint32Array(Math.ceil(end / 4) - first);
        let word = Math.imul(first, MULTIPLIER);
        for (let i = 0; i < words.length; i++) {
          words[i] = word;
          word = (word + MULTIPLIER) | 0;
        }
        yield new Uint8Array(words.buffer, at % 4, end - at);
      }
    })();
  },
};
