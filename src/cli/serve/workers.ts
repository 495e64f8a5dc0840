/**
 * `--workers N`: processes that answer on one port. The first process takes the connections and gives each to a worker in turn (Node's
 * cluster); it starts workers that have ended again, ends those that answer nothing any more, and adds what all have counted.
 */
import cluster, { type Worker } from 'node:cluster';
import { addCounts, type Counts, Meter, type ProcessCounts } from '../../serve/metrics.ts';
import type { Serving } from './service.ts';

/** Set in the environment of a worker, which takes it out. */
const MARK = 'TENON_SERVE_WORKER';
/** Milliseconds. */
const BEAT = 500;
/** How long a worker may be silent, besides the longest that an answer may take, until it is killed. */
const PATIENCE = 5_000;
/** A worker that lived for so long had begun well: the next one starts at once. */
const BEGUN_WELL = 5_000;
const SHORTEST_PAUSE = 100;
const LONGEST_PAUSE = 10_000;
/** How long the counts of all are waited for. */
const COUNTING = 1_000;

type ToWorker = { readonly kind: 'count' } | { readonly kind: 'reload'; readonly isFirst: boolean };
/** What a worker says of itself; all of it every time. */
interface State {
  readonly url: string;
  readonly counts: Counts;
  readonly memory: number;
  /** Seconds. */
  readonly cpu: number;
}

/** Whether this process is a worker of another; true once. */
export function isWorker(): boolean {
  const isMarked = process.env[MARK] !== undefined && cluster.isWorker;
  delete process.env[MARK];
  return isMarked;
}

export function ownUse(): Pick<ProcessCounts, 'memory' | 'cpu'> {
  const { user, system } = process.cpuUsage();
  return { memory: process.memoryUsage.rss(), cpu: (user + system) / 1e6 };
}

/** The side of a worker: says how it is, again and again, and does what it is told. `failed` hears of what cannot be served. */
export function obey(serving: Serving, failed: (error: unknown) => void): void {
  const tell = (): void => {
    const state: State = { url: serving.url, counts: serving.counts, ...ownUse() };
    process.send?.(state);
  };
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'count') tell();
    else serving.reload().catch((error) => message.isFirst && failed(error));
  });
  setInterval(tell, BEAT).unref();
  tell();
}

/** One place among the workers, and who has it. */
interface Place {
  readonly worker: Worker;
  readonly begun: number;
  readonly isReplacement: boolean;
  /** When it was last heard of. */
  heard: number;
  state: State | undefined;
  /** Told when the next word comes. */
  awaited: (() => void)[];
}

export interface SupervisorOptions {
  readonly workers: number;
  /** Milliseconds that an answer may take. */
  readonly timeout: number;
  /** Hears, in a sentence, what became of a worker and what is done about it. */
  readonly onNews: (sentence: string) => void;
}

/** The side of the first process. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #places = new Set<Place>();
  /** Of workers that have ended. */
  #past: Counts = new Meter().counts;
  #restarts = 0;
  #pause = 0;
  #isEnding = false;
  #allEnded: () => void = () => {};
  #exitCode = 0;
  #url: string | undefined;
  readonly #watch: ReturnType<typeof setInterval>;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    cluster.setupPrimary({ exec: process.argv[1]!, args: process.argv.slice(2) });
    this.#watch = setInterval(() => this.#endSilent(), BEAT);
  }

  /** Starts all workers, the first alone: what cannot be served it says once. Gives their address, or the code with which the first ended. */
  async start(): Promise<string | number> {
    const first = await this.#begin();
    if (typeof first === 'number') return first;
    const others = Array.from({ length: this.#options.workers - 1 }, () => this.#begin());
    const failed = (await Promise.all(others)).find((each) => typeof each === 'number');
    return failed ?? first;
  }

  /** Starts a worker, which may take the place of one that has ended; its address once it serves, or its exit code. */
  #begin(isReplacement = false): Promise<string | number> {
    const worker = cluster.fork({ [MARK]: '1' });
    const now = performance.now();
    const place: Place = { worker, begun: now, heard: now, isReplacement, state: undefined, awaited: [] };
    this.#places.add(place);
    return new Promise((resolve) => {
      worker.on('message', (state: State) => {
        place.heard = performance.now();
        place.state = state;
        for (const done of place.awaited.splice(0)) done();
        this.#listens(state.url);
        resolve(state.url);
      });
      worker.on('error', () => {});
      worker.once('exit', (code, signal) => {
        this.#ended(place, code, signal);
        resolve(code ?? 1);
      });
    });
  }

  /** Where port 0 was asked for and no worker was left that had it, the next ones have another. */
  #listens(url: string): void {
    if (this.#url !== undefined && this.#url !== url) this.#options.onNews(`Serving HTTP on ${url}`);
    this.#url = url;
  }

  #ended(place: Place, code: number | null, signal: string | null): void {
    this.#places.delete(place);
    for (const done of place.awaited.splice(0)) done();
    if (place.state !== undefined) this.#past = addCounts({ ...place.state.counts, active: 0 }, this.#past);
    if (place.state !== undefined || place.isReplacement) {
      if (this.#isEnding) this.#exitCode ||= place.state === undefined ? 0 : (code ?? 1);
      else this.#replace(place, signal ?? `code ${code}`);
    }
    if (this.#places.size === 0) this.#allEnded();
  }

  #replace(place: Place, how: string): void {
    const lived = performance.now() - place.begun;
    this.#pause = lived > BEGUN_WELL ? 0 : Math.min(Math.max(this.#pause * 2, SHORTEST_PAUSE), LONGEST_PAUSE);
    this.#restarts++;
    this.#options.onNews(`worker ${place.worker.process.pid} ended with ${how}; another takes its place`);
    setTimeout(() => {
      if (!this.#isEnding) void this.#begin(true);
    }, this.#pause);
  }

  /** The last resort: a worker whose thread does not come back is killed, with all that it had under way. */
  #endSilent(): void {
    const longest = this.#options.timeout + PATIENCE;
    for (const { worker, heard, state } of this.#places) {
      if (state === undefined || performance.now() - heard < longest) continue;
      this.#options.onNews(
        `worker ${worker.process.pid} has not answered for ${Math.round(longest / 1000)} s; it is killed`,
      );
      worker.process.kill('SIGKILL');
    }
  }

  get isReady(): boolean {
    return !this.#isEnding && [...this.#places].some(({ state }) => state !== undefined);
  }

  #send(place: Place, message: ToWorker): void {
    if (place.worker.isConnected()) place.worker.send(message);
  }

  reload(): void {
    for (const [i, place] of [...this.#places].entries()) this.#send(place, { kind: 'reload', isFirst: i === 0 });
  }

  /** What all have counted; of a worker that does not answer in time, what it said last. */
  async counts(): Promise<{ readonly counts: Counts; readonly processes: ProcessCounts }> {
    const asked = [...this.#places].map((place) => {
      const word = new Promise<void>((resolve) => place.awaited.push(resolve));
      this.#send(place, { kind: 'count' });
      return word;
    });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, COUNTING);
    });
    await Promise.race([Promise.all(asked), late]);
    clearTimeout(timer);
    const states = [...this.#places].flatMap(({ state }) => state ?? []);
    const own = ownUse();
    return {
      counts: states.reduce((sum, { counts }) => addCounts(counts, sum), this.#past),
      processes: {
        workers: states.length,
        restarts: this.#restarts,
        memory: states.reduce((sum, { memory }) => sum + memory, own.memory),
        cpu: states.reduce((sum, { cpu }) => sum + cpu, own.cpu),
      },
    };
  }

  /** Lets all workers finish what they have under way. Gives 0, or what the first that failed ended with. */
  async drain(): Promise<number> {
    this.#isEnding = true;
    clearInterval(this.#watch);
    if (this.#places.size > 0) {
      const all = new Promise<void>((resolve) => {
        this.#allEnded = resolve;
      });
      // One that is still starting has nothing under way.
      for (const { worker, state } of this.#places) worker.process.kill(state === undefined ? 'SIGKILL' : 'SIGTERM');
      await all;
    }
    return this.#exitCode;
  }
}
