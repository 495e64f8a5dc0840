/**
 * What is counted while requests are answered, as plain data that goes from process to process; added up, and printed in the text
 * format of Prometheus (version 0.0.4).
 */

/** How often something took at most so long; the last count is of everything longer. Seconds. */
export interface Histogram {
  readonly counts: readonly number[];
  readonly sum: number;
}

/** Upper bounds of durations of requests, in seconds. */
const DURATIONS: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** Upper bounds of what an instance's start takes, in seconds. */
const STARTS: readonly number[] = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.1];

class Timings {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = [...bounds, 0].map(() => 0);
  }

  add(seconds: number): void {
    let i = 0;
    while (i < this.#bounds.length && seconds > this.#bounds[i]!) i++;
    this.#counts[i]!++;
    this.#sum += seconds;
  }

  get(): Histogram {
    return { counts: [...this.#counts], sum: this.#sum };
  }
}

/** Everything that is counted, of one service or of several together. */
export interface ServeMetrics {
  /** Answered requests by the first digit of their status; `aborted` where the client was told nothing. */
  readonly requests: Readonly<Record<string, number>>;
  /** Requests that failed, by the code of their failure. */
  readonly failures: Readonly<Record<string, number>>;
  /** Requests that were answered 503 at once. */
  readonly refused: number;
  /** Requests under way. */
  readonly active: number;
  readonly durations: Histogram;
  readonly starts: Histogram;
  /** Instances that began, of which some were made fresh again and not made; requests that found one that had answered others. */
  readonly instances: {
    readonly made: number;
    readonly renewed: number;
    readonly reused: number;
    readonly alive: number;
  };
  /** Of the process: resident memory, and what of it is the host's heap and memories of instances. */
  readonly memory: { readonly resident: number; readonly heap: number; readonly external: number };
  readonly processes: number;
}

function plus(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const sum = new Map(Object.entries(a));
  for (const [key, value] of Object.entries(b)) sum.set(key, (sum.get(key) ?? 0) + value);
  return Object.fromEntries(sum);
}

function plusHistogram(a: Histogram, b: Histogram): Histogram {
  return { counts: a.counts.map((n, i) => n + (b.counts[i] ?? 0)), sum: a.sum + b.sum };
}

/** Both together. */
export function addMetrics(a: ServeMetrics, b: ServeMetrics): ServeMetrics {
  return {
    requests: plus(a.requests, b.requests),
    failures: plus(a.failures, b.failures),
    refused: a.refused + b.refused,
    active: a.active + b.active,
    durations: plusHistogram(a.durations, b.durations),
    starts: plusHistogram(a.starts, b.starts),
    instances: plus(a.instances, b.instances) as ServeMetrics['instances'],
    memory: plus(a.memory, b.memory) as ServeMetrics['memory'],
    processes: a.processes + b.processes,
  };
}

/** What stays of a process that has ended: totals, without what it was using. */
export function retired(metrics: ServeMetrics): ServeMetrics {
  return {
    ...metrics,
    active: 0,
    instances: { ...metrics.instances, alive: 0 },
    memory: { resident: 0, heap: 0, external: 0 },
    processes: 0,
  };
}

/** Counts for one service. */
export class Counters {
  readonly #requests = { '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0, other: 0, aborted: 0 };
  readonly #failures = new Map<string, number>();
  readonly #durations = new Timings(DURATIONS);
  readonly #starts = new Timings(STARTS);
  refused = 0;
  made = 0;
  reused = 0;

  answered(status: number, seconds: number): void {
    this.#durations.add(seconds);
    if (status === 0) this.#requests.aborted++;
    else if (status < 300 && status >= 200) this.#requests['2xx']++;
    else if (status < 400) this.#requests['3xx']++;
    else if (status < 500) this.#requests['4xx']++;
    else if (status < 600) this.#requests['5xx']++;
    else this.#requests.other++;
  }

  failed(code: string): void {
    this.#failures.set(code, (this.#failures.get(code) ?? 0) + 1);
  }

  started(seconds: number): void {
    this.#starts.add(seconds);
  }

  get(
    now: Pick<ServeMetrics, 'active' | 'memory'> & { readonly renewed: number; readonly alive: number },
  ): ServeMetrics {
    return {
      requests: { ...this.#requests },
      failures: Object.fromEntries(this.#failures),
      refused: this.refused,
      active: now.active,
      durations: this.#durations.get(),
      starts: this.#starts.get(),
      instances: { made: this.made, renewed: now.renewed, reused: this.reused, alive: now.alive },
      memory: now.memory,
      processes: 1,
    };
  }
}

type Labels = Readonly<Record<string, string>>;

function escaped(value: string): string {
  return value.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`));
}

function sample(name: string, labels: Labels, value: number): string {
  const inner = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`);
  return `${name}${inner.length === 0 ? '' : `{${inner.join(',')}}`} ${value}`;
}

function family(name: string, type: string, help: string, samples: readonly string[]): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples];
}

function histogram(name: string, help: string, { counts, sum }: Histogram, bounds: readonly number[]): string[] {
  let total = 0;
  const buckets = counts.map((count, i) => {
    total += count;
    return sample(`${name}_bucket`, { le: i < bounds.length ? String(bounds[i]) : '+Inf' }, total);
  });
  return family(name, 'histogram', help, [
    ...buckets,
    sample(`${name}_sum`, {}, sum),
    sample(`${name}_count`, {}, total),
  ]);
}

/** In the text format of Prometheus. */
export function prometheusText(m: ServeMetrics): string {
  const single = (name: string, type: string, help: string, value: number): string[] =>
    family(name, type, help, [sample(name, {}, value)]);
  const by = (name: string, label: string, help: string, values: Readonly<Record<string, number>>): string[] =>
    family(
      name,
      'counter',
      help,
      Object.entries(values).map(([key, value]) => sample(name, { [label]: key }, value)),
    );
  const { made, renewed, reused, alive } = m.instances;
  const lines = [
    by('tenon_http_requests_total', 'status', 'Requests that have ended, by class of status.', m.requests),
    by('tenon_http_failures_total', 'code', 'Requests that failed, by code.', m.failures),
    single('tenon_http_refused_total', 'counter', 'Requests refused since too many were under way.', m.refused),
    single('tenon_http_requests_active', 'gauge', 'Requests under way.', m.active),
    histogram(
      'tenon_http_request_duration_seconds',
      'From a request to the end of its answer.',
      m.durations,
      DURATIONS,
    ),
    histogram('tenon_instance_start_seconds', 'What starting an instance took.', m.starts, STARTS),
    single('tenon_instances_started_total', 'counter', 'Instances that began.', made),
    single('tenon_instances_renewed_total', 'counter', 'Of these, made fresh again out of the pool.', renewed),
    single(
      'tenon_instances_reused_total',
      'counter',
      'Requests answered by an instance that had answered others.',
      reused,
    ),
    single('tenon_instances_alive', 'gauge', 'Instances that answer, or wait for their next request.', alive),
    single('process_resident_memory_bytes', 'gauge', 'Resident memory.', m.memory.resident),
    single('tenon_heap_bytes', 'gauge', 'Heap of the engine in use.', m.memory.heap),
    single(
      'tenon_external_bytes',
      'gauge',
      'Memory outside the heap: memories of instances and buffers.',
      m.memory.external,
    ),
    single('tenon_processes', 'gauge', 'Processes that answer requests.', m.processes),
  ];
  return `${lines.flat().join('\n')}\n`;
}
