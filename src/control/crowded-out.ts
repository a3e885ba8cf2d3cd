import type { Logger } from 'pino';
import type { FleetId } from '../core/fleet.ts';

/** How many are named. */
const NAMED = 3;

/** Fleets that had to make room for others, told in one line however many there are. */
export class CrowdedOut {
  #dropped = 0;
  #some: string[] = [];

  note({ namespace, name }: FleetId): void {
    if (this.#dropped++ < NAMED) this.#some.push(`${namespace}/${name}`);
  }

  /** Those since this was last called; nothing where there are none. */
  tell(log: Logger, known: number): void {
    if (this.#dropped === 0) return;
    log.warn(
      { dropped: this.#dropped, known, some: this.#some },
      'more fleets are asked for than are kept: those asked for least have been dropped',
    );
    this.#dropped = 0;
    this.#some = [];
  }
}
