/** What a server counts: numbers only, so that counting costs a request nearly nothing and several servers' counts can be added. */

/** How requests ended. `gone`: the client went before it had its answer. `refused`: too many were under way. */
export const OUTCOMES = ['answered', 'failed', 'late', 'refused', 'gone'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Upper bounds of the classes of durations, in seconds; what is longer is in one class more. */
export const DURATIONS: readonly number[] = [
  0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];

/** Durations, counted by class. */
export interface Durations {
  readonly classes: readonly number[];
  /** Seconds, of all together. */
  readonly sum: number;
}

/** What was counted until now; plain data, to be sent from process to process. */
export interface Counts {
  /** By the first digit of the status code; at 0 those whose clients were told nothing, or a part only. */
  readonly statuses: readonly number[];
  /** In the order of {@link OUTCOMES}. */
  readonly outcomes: readonly number[];
  readonly active: number;
  readonly requests: Durations;
  readonly starts: Durations;
  /** Answers given by instances that had answered before. */
  readonly reused: number;
  readonly reloads: number;
}

class Clock {
  readonly classes: number[] = DURATIONS.map(() => 0).concat(0);
  sum = 0;

  add(milliseconds: number): void {
    const seconds = milliseconds / 1000;
    let at = 0;
    while (at < DURATIONS.length && seconds > DURATIONS[at]!) at++;
    this.classes[at]!++;
    this.sum += seconds;
  }

  get counts(): Durations {
    return { classes: [...this.classes], sum: this.sum };
  }
}

/** The counters of one server. */
export class Meter {
  readonly #statuses = [0, 0, 0, 0, 0, 0];
  readonly #outcomes = OUTCOMES.map(() => 0);
  readonly #requests = new Clock();
  readonly #starts = new Clock();
  active = 0;
  reused = 0;
  reloads = 0;

  served(status: number, outcome: Outcome, milliseconds: number): void {
    const digit = Math.trunc(status / 100);
    this.#statuses[digit >= 0 && digit <= 5 ? digit : 0]!++;
    this.#outcomes[OUTCOMES.indexOf(outcome)]!++;
    this.#requests.add(milliseconds);
  }

  started(milliseconds: number): void {
    this.#starts.add(milliseconds);
  }

  get counts(): Counts {
    const { active, reused, reloads } = this;
    return {
      statuses: [...this.#statuses],
      outcomes: [...this.#outcomes],
      active,
      requests: this.#requests.counts,
      starts: this.#starts.counts,
      reused,
      reloads,
    };
  }
}

function addEach(one: readonly number[], other: readonly number[]): readonly number[] {
  return one.map((value, i) => value + (other[i] ?? 0));
}

function addDurations(one: Durations, other: Durations): Durations {
  return { classes: addEach(one.classes, other.classes), sum: one.sum + other.sum };
}

/** What two servers counted together. */
export function addCounts(one: Counts, other: Counts): Counts {
  return {
    statuses: addEach(one.statuses, other.statuses),
    outcomes: addEach(one.outcomes, other.outcomes),
    active: one.active + other.active,
    requests: addDurations(one.requests, other.requests),
    starts: addDurations(one.starts, other.starts),
    reused: one.reused + other.reused,
    reloads: one.reloads + other.reloads,
  };
}

/** Counts of the processes that serve, besides those of requests. */
export interface ProcessCounts {
  readonly workers: number;
  /** Workers that ended and were replaced. */
  readonly restarts: number;
  /** Bytes, of all together. */
  readonly memory: number;
  /** Seconds of computing, of all that live. */
  readonly cpu: number;
}

/** One metric: what it is, and its lines without its name. */
function metric(
  name: string,
  kind: 'counter' | 'gauge',
  help: string,
  values: Readonly<Record<string, number>>,
): string {
  const lines = Object.entries(values).map(([labels, value]) => `${name}${labels} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n${lines.join('')}`;
}

function histogram(name: string, help: string, { classes, sum }: Durations): string {
  let count = 0;
  const lines = classes.map((value, i) => {
    count += value;
    return `${name}_bucket{le="${DURATIONS[i] ?? '+Inf'}"} ${count}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} histogram\n${lines.join('')}${name}_sum ${sum}\n${name}_count ${count}\n`;
}

/** The counts in the text format of Prometheus, version 0.0.4. */
export function prometheusText(counts: Counts, processes: ProcessCounts): string {
  const statuses = counts.statuses.map((value, i): [string, number] => [
    `{code="${i === 0 ? 'none' : `${i}xx`}"}`,
    value,
  ]);
  const outcomes = OUTCOMES.map((name, i): [string, number] => [`{outcome="${name}"}`, counts.outcomes[i] ?? 0]);
  return [
    metric(
      'tenon_http_responses_total',
      'counter',
      'Requests by the class of the status code that the client was told.',
      Object.fromEntries(statuses),
    ),
    metric('tenon_http_requests_total', 'counter', 'Requests by how they ended.', Object.fromEntries(outcomes)),
    metric('tenon_http_requests_active', 'gauge', 'Requests under way.', { '': counts.active }),
    histogram('tenon_http_request_duration_seconds', 'From a request to the end of its answer.', counts.requests),
    histogram('tenon_instance_start_seconds', 'The start of an instance.', counts.starts),
    metric('tenon_instance_reuses_total', 'counter', 'Requests answered by an instance that had answered before.', {
      '': counts.reused,
    }),
    metric('tenon_reloads_total', 'counter', 'Times that the file changed and was taken.', { '': counts.reloads }),
    metric('tenon_workers', 'gauge', 'Processes that answer requests.', { '': processes.workers }),
    metric('tenon_worker_restarts_total', 'counter', 'Processes that ended and were replaced.', {
      '': processes.restarts,
    }),
    metric('process_resident_memory_bytes', 'gauge', 'Memory of the processes.', { '': processes.memory }),
    metric('process_cpu_seconds_total', 'counter', 'Computing time of the processes.', { '': processes.cpu }),
  ].join('');
}
