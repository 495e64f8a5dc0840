/** `wasi:sockets/ip-name-lookup`. */
import type { IpAddress } from '../../grants/address.ts';
import type { Pending } from '../../host/sockets.ts';
import { coded, fail, Network, toWitAddress, type WitAddress } from './network.ts';
import { Parent, type Pollable } from './poll.ts';

/** The resource `resolve-address-stream`. */
export class ResolveAddressStream {
  readonly #answer: Pending<readonly IpAddress[]>;
  readonly #parent = new Parent();
  #next = 0;

  constructor(answer: Pending<readonly IpAddress[]>) {
    this.#answer = answer;
  }

  resolveNextAddress(): WitAddress | undefined {
    if (!this.#answer.ready()) return fail('would-block');
    const address = coded(() => this.#answer.result())[this.#next];
    if (address === undefined) return undefined;
    this.#next++;
    return toWitAddress(address);
  }

  subscribe(): Pollable {
    return this.#parent.pollable(this.#answer);
  }

  [Symbol.dispose](): void {
    this.#parent.dropped('resolve-address-stream');
  }
}

/** The interface `ip-name-lookup`. */
export const nameLookup = {
  ResolveAddressStream,
  resolveAddresses: (network: Network, name: string): ResolveAddressStream =>
    coded(() => new ResolveAddressStream(Network.accessOf(network).lookup(name))),
};
