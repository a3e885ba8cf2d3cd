import type { Answer, FleetHandle, Follower, Scaler } from '../../../control/scaler.ts';
import { ScalerError } from '../../../core/scaler-error.ts';
import {
  type FromThread,
  type KnownFleet,
  NOBODY,
  type Refusal,
  refusalOf,
  type ToThread,
} from './messages.ts';

/** A scaler whose answers another thread keeps by heart. */
export interface FollowedScaler
  extends Pick<Scaler, 'resolve' | 'answer' | 'explained' | 'settled' | 'subscribe'> {
  resolve(ref: Parameters<Scaler['resolve']>[0]): FleetHandle | ScalerError;
  /** Somebody asked for the fleet there. */
  asked(fleet: FleetHandle): void;
  follow(follower: Follower): void;
}

/** Where the thread of the fleets answers that of the RPCs. */
export class Desk implements Follower {
  readonly #scaler: FollowedScaler;
  readonly #post: (message: ToThread, transfer?: readonly ArrayBuffer[]) => void;
  readonly #fleets = new Map<number, FleetHandle>();
  readonly #ids = new Map<FleetHandle, number>();
  readonly #listening = new Map<number, () => void>();
  #last = NOBODY;

  constructor(scaler: FollowedScaler, post: (message: ToThread, transfer?: readonly ArrayBuffer[]) => void) {
    this.#scaler = scaler;
    this.#post = post;
    scaler.follow(this);
  }

  take(message: FromThread): void {
    if (message.kind === 'resolve') {
      const { call } = message;
      this.#post({ kind: 'resolved', call, fleet: this.#resolve(message.ref) });
    } else if (message.kind === 'ask') void this.#tell(message);
    else if (message.kind === 'listen') this.#listen(message.fleet, message.on);
    else if (message.kind === 'asked') {
      for (const id of message.fleets) {
        const fleet = this.#fleets.get(id);
        if (fleet !== undefined) this.#scaler.asked(fleet);
      }
    }
  }

  answered(fleets: readonly FleetHandle[]): void {
    if (this.#ids.size === 0) return;
    const columns = {
      fleets: new Float64Array(fleets.length),
      replicas: new Float64Array(fleets.length),
      at: new Float64Array(fleets.length),
      floorAboveZero: new Uint8Array(fleets.length),
    };
    for (const [place, fleet] of fleets.entries()) {
      const { replicas, at, floorAboveZero } = this.#scaler.answer(fleet);
      columns.fleets[place] = this.#ids.get(fleet) ?? NOBODY;
      columns.replicas[place] = replicas ?? Number.NaN;
      columns.at[place] = at ?? Number.NaN;
      columns.floorAboveZero[place] = floorAboveZero ? 1 : 0;
    }
    this.#post(
      { kind: 'answers', ...columns },
      Object.values(columns).map(({ buffer }) => buffer as ArrayBuffer),
    );
  }

  gone(fleet: FleetHandle): void {
    const id = this.#ids.get(fleet);
    if (id === undefined) return;
    this.#ids.delete(fleet);
    this.#fleets.delete(id);
    this.#listening.delete(id);
    this.#post({ kind: 'gone', fleet: id });
  }

  respelled(): void {
    this.#post({ kind: 'respelled' });
  }

  #resolve(ref: Parameters<Scaler['resolve']>[0]): KnownFleet | Refusal {
    try {
      const fleet = this.#scaler.resolve(ref);
      if (fleet instanceof ScalerError) return refusalOf(fleet);
      const { replicas, floorAboveZero, at } = this.#scaler.answer(fleet);
      const { role } = fleet.config.id;
      return { id: this.#idOf(fleet), role, answer: { replicas, floorAboveZero, at } };
    } catch (thrown) {
      return refusalOf(ScalerError.from(thrown));
    }
  }

  async #tell({ call, fleet: id, what }: Extract<FromThread, { kind: 'ask' }>): Promise<void> {
    const fleet = this.#fleets.get(id);
    try {
      if (fleet === undefined) throw new ScalerError('unavailable', 'the fleet was forgotten meanwhile');
      const { replicas, floorAboveZero, at, reason } = await this.#scaler[what](fleet);
      const answer: Answer = { replicas, floorAboveZero, at, reason };
      this.#post({ kind: 'told', call, answer });
    } catch (thrown) {
      this.#post({ kind: 'told', call, answer: refusalOf(ScalerError.from(thrown)) });
    }
  }

  /** A fleet that a stream waits for is not forgotten. */
  #listen(id: number, on: boolean): void {
    const fleet = this.#fleets.get(id);
    this.#listening.get(id)?.();
    this.#listening.delete(id);
    if (on && fleet !== undefined)
      this.#listening.set(
        id,
        this.#scaler.subscribe(fleet, () => {}),
      );
  }

  #idOf(fleet: FleetHandle): number {
    let id = this.#ids.get(fleet);
    if (id === undefined) {
      id = ++this.#last;
      this.#ids.set(fleet, id);
      this.#fleets.set(id, fleet);
    }
    return id;
  }
}
