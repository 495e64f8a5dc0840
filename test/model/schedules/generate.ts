/**
 * Random schedules. They are made while the model carries them out, so that each step can be one that makes sense where it is taken, and
 * consist of plain data afterwards: another runtime, or the model with other choices, can carry them out too.
 */

import { ModelTrap, Unspecified } from '../trap.ts';
import { type Choice, RandomChoices } from './choices.ts';
import { Random } from './random.ts';
import { type Outcome, World } from './run.ts';
import { Scene } from './scene.ts';
import { type Command, Director, type HostStep, type Schedule, type Script, type TraceRecord } from './schedule.ts';
import { type Idea, sensible, type Theme } from './steps.ts';
import { calls, ending, mayExpectEvent, waiting } from './steps-call.ts';
import { wrong } from './steps-wrong.ts';
import { canDo, type Family, FUNCS, type Func, HOST_SIGNATURES, LAYOUT } from './world.ts';

/** A schedule, and how the model carried it out when it was made. */
export interface Generated {
  readonly schedule: Schedule;
  readonly trace: readonly TraceRecord[];
  readonly choices: readonly Choice[];
  readonly outcome: Outcome;
  /** What was reached. */
  readonly saw: readonly string[];
  /** Set where the schedule led to what the specification does not define. */
  readonly unspecified: string | undefined;
}

const LABEL = 100;
const HOST_CALLS: readonly Func[] = FUNCS.filter((func) => HOST_SIGNATURES.includes(func.signature));

/** What lies behind a label: which function, and whether only steps that end at once are taken. */
interface About {
  readonly func: Func | undefined;
  readonly calm: boolean;
  /** How many steps are to be taken, about. */
  length: number;
}

class LiveDirector extends Director {
  readonly scripts: Record<string, { argsTo?: number; commands: Command[] }> = {};
  /** Thinks of the next steps of a label. */
  think: (label: number, step: number) => readonly Command[] = () => [];
  begin: (label: number) => number = () => 0;

  constructor(seed: number, family: Family, host: HostStep[]) {
    const scripts: LiveDirector['scripts'] = {};
    super({ seed, ...family, host, scripts });
    this.scripts = scripts;
  }

  protected override commandOf(label: number, step: number): Command | undefined {
    const script = this.#scriptOf(label);
    if (step === script.commands.length) script.commands.push(...this.think(label, step));
    return script.commands[step];
  }

  protected override argsTo(label: number): number {
    const script = this.#scriptOf(label);
    script.argsTo ??= this.begin(label);
    return script.argsTo;
  }

  #scriptOf(label: number): { argsTo?: number; commands: Command[] } {
    const script = this.scripts[label] ?? { commands: [] };
    this.scripts[label] = script;
    return script;
  }
}

const THEMES: readonly (readonly [weight: number, theme: Partial<Theme>])[] = [
  [3, {}],
  [2, { streams: 3, calls: 1.5 }],
  [1.5, { futures: 3, calls: 1.5 }],
  [2, { cancels: 4, calls: 3, sets: 1.5 }],
  [1.5, { threads: 2.5, streams: 0.6 }],
  [1.5, { resources: 3, calls: 2.5, streams: 1.2 }],
  [1.5, { backpressure: 1.5, calls: 3, cancels: 2 }],
  [1.5, { sets: 2.5, calls: 2.5 }],
];

/** Which instances are prompt, and how often. */
const PROMPT: readonly (readonly [weight: number, prompt: Family['prompt']])[] = [
  [6, undefined],
  [2, 'all'],
  [2, 'children'],
];

/** After so many ideas that an instance cannot carry out, it does nothing. */
const MOST_TRIES = 30;

const USUAL: Theme = {
  streams: 1,
  futures: 0.6,
  sets: 0.8,
  calls: 1.5,
  cancels: 0.7,
  threads: 0.3,
  resources: 0.5,
  backpressure: 0.1,
  others: 0.25,
  mischief: 0,
};

class Generator {
  readonly #random: Random;
  readonly #host: HostStep[] = [];
  readonly #director: LiveDirector;
  readonly #choices: RandomChoices;
  readonly #world: World;
  readonly #saw: string[] = [];
  readonly #theme: Theme;
  readonly #about = new Map<number, About>();
  readonly #slots = new Map<number, number>();
  readonly #notes: { instance: number; pointer: number }[] = [];
  #nextSlot = 1;
  #nextLabel = LABEL;
  #steps: number;
  #tasks: number;

  constructor(seed: number) {
    this.#random = new Random(seed);
    const random = this.#random;
    const instances = 2 + random.below(3);
    const prompt = random.weighted(PROMPT);
    this.#steps = 20 + random.below(160);
    this.#tasks = 5 + random.below(20);
    const mischief = random.chance(0.68) ? 0 : random.pick([0.01, 0.03, 0.1]);
    this.#theme = { ...USUAL, ...random.weighted(THEMES), mischief };
    this.#choices = new RandomChoices(random);
    this.#director = new LiveDirector(seed, { instances, ...(prompt === undefined ? {} : { prompt }) }, this.#host);
    this.#director.think = (label) => this.#think(label);
    this.#director.begin = () => this.#fresh(this.#world.store.currentInstance.number, 6);
    this.#world = new World(this.#director, this.#choices, (situation) => this.#saw.push(situation));
  }

  // ---- the host

  run(): Generated {
    let outcome: Outcome | undefined;
    let unspecified: string | undefined;
    try {
      this.#runHost();
    } catch (error) {
      if (error instanceof ModelTrap)
        outcome = {
          trap: error.trap,
          ...(error.orElse === undefined ? {} : { orElse: error.orElse }),
          pending: [...this.#world.unresolved],
        };
      else if (error instanceof Unspecified) unspecified = error.message;
      else throw error;
    }
    const { schedule, trace, scripts } = this.#director;
    return {
      schedule: { ...schedule, host: this.#host, scripts: trimmed(scripts) },
      trace,
      choices: this.#choices.made,
      outcome: outcome ?? { trap: undefined, pending: [...this.#world.unresolved] },
      saw: this.#saw,
      unspecified,
    };
  }

  #step(step: HostStep): void {
    this.#director.record(['host', this.#host.length]);
    this.#host.push(step);
    this.#world.step(step);
  }

  #runHost(): void {
    const random = this.#random;
    const turns = 4 + random.below(16);
    for (let turn = 0; turn < turns; turn++) {
      const unresolved = [...this.#world.unresolved];
      const waits = [...this.#world.waits.keys()];
      const kind = random.weighted([
        [turn === 0 ? 100 : this.#tasks > 0 && this.#steps > 0 ? 3 : 0.1, 'call'],
        [this.#world.store.readyThreads().length > 0 ? 2 : 0.02, 'settle'],
        [unresolved.length > 0 ? 0.4 + this.#theme.cancels * 0.3 : 0, 'cancel'],
        [waits.length > 0 ? 2 : 0, 'resolve'],
      ] as const);
      if (kind === 'call') this.#hostCall();
      else if (kind === 'settle') this.#step({ kind });
      else if (kind === 'cancel') this.#step({ kind, label: random.pick(unresolved) });
      else this.#resolve(random.pick(waits));
    }
    if (this.#world.store.readyThreads().length > 0) this.#step({ kind: 'settle' });
    while (this.#world.waits.size > 0 && random.chance(0.8)) this.#resolve([...this.#world.waits.keys()][0] ?? 0);
    if (random.chance(0.4)) this.#look();
    this.#world.settle();
  }

  /** What the host's function answers comes between what else happens, so that it does not matter how long the answer takes. */
  #resolve(label: number): void {
    this.#step({ kind: 'settle' });
    this.#step({ kind: 'resolve', label });
    this.#step({ kind: 'settle' });
  }

  #hostCall(): void {
    const random = this.#random;
    const func = random.pick(HOST_CALLS);
    const promised = func.flavour !== 'sync' || random.chance(0.6);
    const label = this.#label();
    this.#about.set(label, { func, calm: !promised, length: 1 + random.below(18) });
    const instance = random.below(this.#director.schedule.instances);
    this.#step({ kind: 'call', instance, func: func.name, label, promised });
  }

  /** Looks at what else would show nowhere: memory, the free handles, those of threads. */
  #look(): void {
    for (let instance = 0; instance < this.#director.schedule.instances; instance++) {
      const label = this.#label();
      const commands: Command[] = [
        { op: 'show', args: [LAYOUT.scratch, LAYOUT.pieces * LAYOUT.piece] },
        { op: 'show', args: [LAYOUT.heap, 64] },
        { op: 'thread.index', args: [] },
        ...Array.from({ length: 5 }, () => ({ op: 'set.new', args: [] })),
      ];
      this.#director.scripts[label] = { commands };
      this.#about.set(label, { func: undefined, calm: true, length: 0 });
      this.#step({ kind: 'call', instance, func: 'sync-u32', label, promised: false });
    }
  }

  // ---- the guests

  #fresh(instance: number, count: number): number {
    const first = this.#nextSlot;
    this.#nextSlot += count;
    for (let slot = first; slot < this.#nextSlot; slot++) this.#slots.set(slot, instance);
    return first;
  }

  #label(): number {
    return this.#nextLabel++;
  }

  #slotOf(instance: number, value: number): number | undefined {
    for (let slot = this.#nextSlot - 1; slot > 0; slot--) {
      if (this.#slots.get(slot) === instance && this.#director.slot(slot) === value) return slot;
    }
    return undefined;
  }

  #aboutOf(label: number, scene: Scene): About {
    const known = this.#about.get(label);
    if (known !== undefined) return known;
    const func = scene.isMain ? this.#director.funcOf(label) : undefined;
    const about = { func, calm: false, length: this.#random.below(this.#steps > 0 && this.#tasks > 0 ? 18 : 4) };
    this.#about.set(label, about);
    this.#tasks--;
    return about;
  }

  #think(label: number): readonly Command[] {
    const scene = new Scene(label, this.#world.store.currentThread, this.#random, {
      fresh: (instance, count) => this.#fresh(instance, count),
      slotOf: (instance, value) => this.#slotOf(instance, value),
      label: () => this.#label(),
    });
    const about = this.#aboutOf(label, scene);
    const resolved = this.#director.hasResolved(label);
    const commands = this.#ideas(scene, about, resolved);
    about.length -= commands.length;
    this.#steps -= commands.length;
    return commands;
  }

  #ideas(scene: Scene, about: About, resolved: boolean): readonly Command[] {
    const random = this.#random;
    const { func, calm } = about;
    const { schedule } = this.#director;
    const theme = this.#theme;
    if (random.chance(theme.mischief))
      return this.#pick(scene, wrong(scene, calm ? undefined : func, resolved, schedule));
    if (about.length <= 0 || this.#steps <= 0) {
      if (func !== undefined && scene.isMain) return ending(scene, func, resolved);
      return [];
    }
    if (func?.flavour === 'callback' && scene.isMain && random.chance(mayExpectEvent(scene) ? 0.4 : 0.12))
      return [waiting(scene)];
    if (
      func !== undefined &&
      scene.isMain &&
      !resolved &&
      func.flavour !== 'sync' &&
      func.flavour !== 'blocking' &&
      random.chance(0.08)
    )
      return ending(scene, func, resolved);
    if (scene.task.state === 'cancel-delivered' && random.chance(0.5) && func !== undefined && scene.isMain)
      return ending(scene, func, resolved);
    const ideas = [...sensible(scene, theme, calm), ...this.#loads(scene)];
    if (!calm && this.#tasks > 0) ideas.push(...calls(scene, theme, schedule, (note) => this.#notes.push(note)));
    return this.#pick(scene, ideas);
  }

  /** An idea that the instance can carry out, if one is found soon. */
  #pick(scene: Scene, ideas: readonly Idea[]): readonly Command[] {
    const likely = ideas.filter(([weight]) => weight > 0);
    for (let tried = 0; likely.length > 0 && tried < MOST_TRIES; tried++) {
      const commands = this.#random.weighted(likely)();
      if (commands.every(({ op, args }) => canDo(this.#director.schedule, scene.inst.number, op, args)))
        return commands;
    }
    return [];
  }

  /** Finds out which handles have come as results. */
  #loads(scene: Scene): Idea[] {
    const own = this.#notes.filter((note) => note.instance === scene.inst.number);
    return own.map(
      (note): Idea => [0.3, () => [{ op: 'load', args: [note.pointer], to: this.#fresh(note.instance, 1) }]],
    );
  }
}

function trimmed(scripts: LiveDirector['scripts']): Record<string, Script> {
  return Object.fromEntries(
    Object.entries(scripts).filter(([, { argsTo, commands }]) => argsTo !== undefined || commands.length > 0),
  );
}

/** The schedule of a seed. */
export function generate(seed: number): Generated {
  return new Generator(seed).run();
}
