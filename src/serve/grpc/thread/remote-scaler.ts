import type { Answer, AnsweredFleet, Answering, TriggerRef } from '../../../control/scaler.ts';
import { spell } from '../../../control/spelling.ts';
import type { Role } from '../../../core/fleet.ts';
import type { ScalerError } from '../../../core/scaler-error.ts';
import { createSlicer, untilTurn } from '../../../ingest/slices.ts';
import {
  type Answers,
  errorOf,
  type FromThread,
  type KnownFleet,
  type ShortAnswer,
  type ToThread,
} from './messages.ts';

/** How many spellings of triggers are known by heart; beyond it all are asked for again. */
const MAX_KNOWN = 50_000;
/** How often the other thread is told which fleets were asked for, ms: far below the time after which one is forgotten. */
const TELL_ASKED_MS = 1_000;

const NONE: readonly never[] = [];

/** The scaler as the thread of the RPCs has it: answers by heart, and the rest is asked of the thread that decides. */
export class RemoteScaler implements Answering {
  readonly #post: (message: FromThread, transfer?: readonly ArrayBuffer[]) => void;
  readonly #fleets = new Map<number, RemoteFleet>();
  readonly #known = new Map<string, RemoteFleet>();
  /** Who listens to the fleets with open streams. */
  readonly #followed = new Map<RemoteFleet, Set<(answer: Answer) => void>>();
  readonly #asked = new Set<number>();
  readonly #waiting = new Map<number, (message: Reply) => void>();
  readonly #slicer = createSlicer();
  /** Of the newest Snapshot, whose listeners have not been told. */
  #untold: Iterator<readonly [RemoteFleet, ReadonlySet<(answer: Answer) => void>]> = NONE.values();
  #calls = 0;

  constructor(post: (message: FromThread, transfer?: readonly ArrayBuffer[]) => void) {
    this.#post = post;
    setInterval(() => this.#tellAsked(), TELL_ASKED_MS).unref();
  }

  resolve(ref: TriggerRef): RemoteFleet | Promise<RemoteFleet | ScalerError> {
    const spelling = spell(ref);
    const known = this.#known.get(spelling);
    if (known === undefined) return this.#resolve(ref, spelling);
    this.#asked.add(known.id);
    return known;
  }

  answer(fleet: AnsweredFleet): Answer {
    return (fleet as RemoteFleet).answer;
  }

  explained(fleet: AnsweredFleet): Promise<Answer> {
    return this.#ask(fleet, 'explained');
  }

  settled(fleet: AnsweredFleet): Promise<Answer> {
    return this.#ask(fleet, 'settled');
  }

  subscribe(fleet: AnsweredFleet, listener: (answer: Answer) => void): () => void {
    const remote = fleet as RemoteFleet;
    const listeners = this.#followed.get(remote) ?? new Set();
    if (listeners.size === 0) {
      this.#followed.set(remote, listeners);
      this.#post({ kind: 'listen', fleet: remote.id, on: true });
    }
    listeners.add(listener);
    return () => {
      if (!listeners.delete(listener) || listeners.size > 0) return;
      this.#followed.delete(remote);
      this.#post({ kind: 'listen', fleet: remote.id, on: false });
    };
  }

  /** What the other thread says, in its order. */
  take(message: ToThread): void {
    if (message.kind === 'resolved' || message.kind === 'told') {
      this.#waiting.get(message.call)?.(message);
      this.#waiting.delete(message.call);
    } else if (message.kind === 'answers') this.#takeAnswers(message);
    else if (message.kind === 'gone') this.#forget(message.fleet);
    else if (message.kind === 'respelled') this.#forgetSpellings();
  }

  #resolve(ref: TriggerRef, spelling: string): Promise<RemoteFleet | ScalerError> {
    const call = ++this.#calls;
    return new Promise((resolve) => {
      // Taken in before the next message is looked at: what comes after it may say that it holds no longer.
      this.#waiting.set(call, (message) => {
        if (message.kind !== 'resolved') return;
        resolve('code' in message.fleet ? errorOf(message.fleet) : this.#learn(spelling, message.fleet));
      });
      this.#post({ kind: 'resolve', call, ref });
    });
  }

  #learn(spelling: string, { id, role, answer }: KnownFleet): RemoteFleet {
    let fleet = this.#fleets.get(id);
    if (fleet === undefined) {
      fleet = new RemoteFleet(id, role);
      this.#fleets.set(id, fleet);
    }
    fleet.answer.take(answer);
    if (this.#known.size >= MAX_KNOWN) this.#forgetSpellings();
    this.#known.set(spelling, fleet);
    fleet.spellings = [...fleet.spellings, spelling];
    return fleet;
  }

  #ask(fleet: AnsweredFleet, what: 'settled' | 'explained'): Promise<Answer> {
    const call = ++this.#calls;
    const { id } = fleet as RemoteFleet;
    return new Promise((resolve, reject) => {
      this.#waiting.set(call, (message) => {
        if (message.kind !== 'told') return;
        if ('code' in message.answer) reject(errorOf(message.answer));
        else resolve(message.answer);
      });
      this.#post({ kind: 'ask', call, fleet: id, what });
    });
  }

  /** All of a Snapshot before anybody hears of it. */
  #takeAnswers({ fleets, replicas, at, floorAboveZero }: Answers): void {
    // Nobody misses a Snapshot, however soon the next one comes: a fleet that went to zero and back is to be pushed.
    while (this.#tellNext());
    for (const [index, id] of fleets.entries()) {
      this.#fleets.get(id)?.answer.take({
        replicas: nullIfNaN(replicas[index]),
        at: nullIfNaN(at[index]),
        floorAboveZero: floorAboveZero[index] === 1,
      });
    }
    void this.#tellInSlices();
  }

  /** Streams that were opened together have something to say together, and 1,000 at once would keep RPCs waiting for 50 ms. */
  async #tellInSlices(): Promise<void> {
    const untold = this.#followed.entries();
    this.#untold = untold;
    do await untilTurn(this.#slicer);
    while (this.#untold === untold && this.#tellNext());
  }

  #tellNext(): boolean {
    const { done, value } = this.#untold.next();
    if (done === true) return false;
    const [{ answer }, listeners] = value;
    for (const listener of listeners) listener(answer);
    return true;
  }

  #forget(id: number): void {
    const fleet = this.#fleets.get(id);
    if (fleet === undefined) return;
    this.#fleets.delete(id);
    this.#asked.delete(id);
    for (const spelling of fleet.spellings) this.#known.delete(spelling);
  }

  #forgetSpellings(): void {
    this.#known.clear();
    for (const fleet of this.#fleets.values()) fleet.spellings = NONE;
  }

  #tellAsked(): void {
    if (this.#asked.size === 0) return;
    const fleets = Float64Array.from(this.#asked);
    this.#asked.clear();
    this.#post({ kind: 'asked', fleets }, [fleets.buffer as ArrayBuffer]);
  }
}

/** One for all: of 10,000 fleets each would be two objects more. */
const CONFIG: Readonly<Record<Role, AnsweredFleet['config']>> = {
  replicas: { id: { role: 'replicas' } },
  buffer: { id: { role: 'buffer' } },
};

type Reply = Extract<ToThread, { readonly call: number }>;

/** A fleet with the answer of the last Snapshot, in place: 10,000 of them are not made anew at each. */
class RemoteFleet implements AnsweredFleet {
  readonly id: number;
  readonly config: AnsweredFleet['config'];
  readonly answer = new LastAnswer();
  /** Triggers as they were written that mean this fleet. */
  spellings: readonly string[] = NONE;

  constructor(id: number, role: Role) {
    this.id = id;
    this.config = CONFIG[role];
  }
}

class LastAnswer implements Answer {
  replicas: number | null = null;
  floorAboveZero = false;
  at: number | null = null;
  /** explained() tells it. */
  readonly reason = '';

  take({ replicas, floorAboveZero, at }: ShortAnswer): void {
    this.replicas = replicas;
    this.floorAboveZero = floorAboveZero;
    this.at = at;
  }
}

function nullIfNaN(value = Number.NaN): number | null {
  return Number.isNaN(value) ? null : value;
}
