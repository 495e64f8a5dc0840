/** When the host may begin something: never amid what the specification does in one go, and one thing after the other. */
import { CALL_STACK } from './control.ts';
import { callTop } from './frames.ts';
import { scheduler } from './scheduler.ts';

/** How much waits for its turn. */
let waiting = 0;

/** Whether the host may begin something now: guests are on the stack (it is nested then), or none is about to go on. */
export function isTurn(): boolean {
  return callTop() !== CALL_STACK || (scheduler.free && waiting === 0);
}

/** Does `body` now if it may, else when its turn comes. */
export function inTurn(body: () => void): void {
  if (isTurn()) {
    body();
    return;
  }
  waiting++;
  scheduler.enqueue({
    ready: () => true,
    resume() {
      waiting--;
      body();
      return false;
    },
  });
}
