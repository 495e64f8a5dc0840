/**
 * The options of a TCP socket. Keep-alive is the host's; what Node has no way to set (hop limit, sizes of the system's buffers) is
 * kept and given back.
 */
import type { KeepAlive } from '../../host/sockets.ts';

const MILLISECOND = 1_000_000n;
const SECOND = 1_000_000_000n;
/** Connections that wait to be accepted, at most. */
const MAX_BACKLOG = 511;
/** What a platform takes; larger values are rounded down. */
const MAX_COUNT = 127;
const MAX_TIME = 32_767n * SECOND;

function milliseconds(duration: bigint): number {
  return Number(duration / MILLISECOND);
}

function atMost<T extends bigint | number>(value: T, most: T): T {
  return value > most ? most : value;
}

/** Durations in nanoseconds, sizes in bytes. */
export class TcpOptions {
  enabled = false;
  // What Linux has.
  #idle = 7200n * SECOND;
  #interval = 75n * SECOND;
  #count = 9;
  hopLimit = 64;
  receiveBuffer = 65_536n;
  sendBuffer = 65_536n;
  backlog = 128;

  get idle(): bigint {
    return this.#idle;
  }

  set idle(value: bigint) {
    this.#idle = rounded(value);
  }

  get interval(): bigint {
    return this.#interval;
  }

  set interval(value: bigint) {
    this.#interval = rounded(value);
  }

  get count(): number {
    return this.#count;
  }

  set count(value: number) {
    this.#count = atMost(value, MAX_COUNT);
  }

  setBacklog(value: bigint): void {
    this.backlog = Number(atMost(value, BigInt(MAX_BACKLOG)));
  }

  get keepAlive(): KeepAlive {
    return {
      enabled: this.enabled,
      idle: milliseconds(this.#idle),
      interval: milliseconds(this.#interval),
      count: this.#count,
    };
  }

  copy(): TcpOptions {
    const copy = new TcpOptions();
    copy.enabled = this.enabled;
    copy.#idle = this.#idle;
    copy.#interval = this.#interval;
    copy.#count = this.#count;
    copy.hopLimit = this.hopLimit;
    copy.receiveBuffer = this.receiveBuffer;
    copy.sendBuffer = this.sendBuffer;
    return copy;
  }
}

/** Platforms count whole seconds, one at least. */
function rounded(duration: bigint): bigint {
  const seconds = (duration + SECOND - 1n) / SECOND;
  return atMost(seconds * SECOND, MAX_TIME);
}
