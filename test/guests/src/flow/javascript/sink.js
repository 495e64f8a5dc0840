// Reads bytes to their end: see `sink` in flow.wit.
const mixed = (sum, word) => ((sum << 5) | (sum >>> 27)) ^ word;

export const sink = {
  async digestOf(input) {
    let size = 0;
    let sum = 0;
    let word = 0;
    const takeByte = (byte) => {
      word |= byte << (8 * (size % 4));
      size++;
      if (size % 4 !== 0) return;
      sum = mixed(sum, word);
      word = 0;
    };
    for await (const chunk of input) {
      let at = 0;
      while (at < chunk.length && size % 4 !== 0) takeByte(chunk[at++]);
      // A copy begins where words may.
      const words = new Int32Array(chunk.slice(at, chunk.length - ((chunk.length - at) % 4)).buffer);
      for (let i = 0; i < words.length; i++) sum = ((sum << 5) | (sum >>> 27)) ^ words[i];
      size += words.byteLength;
      at += words.byteLength;
      while (at < chunk.length) takeByte(chunk[at++]);
    }
    if (size % 4 !== 0) sum = mixed(sum, word);
    return { size, sum: sum >>> 0 };
  },
};
