import { type ServerWritableStream, status } from '@grpc/grpc-js';

/** The part of a server stream that its life needs, whatever it carries. */
export type OpenStream = Pick<
  ServerWritableStream<unknown, unknown>,
  'end' | 'emit' | 'once' | 'destroyed' | 'cancelled'
>;

/**
 * The streams that are open, bounded. KEDA holds all of them, and all its unary calls, on one connection, so this count
 * has to stay below HTTP/2's own limit: past that one, grpc-go makes new calls wait in silence.
 */
export class OpenStreams {
  readonly #limit: number;
  readonly #open = new Set<OpenStream>();
  #ending = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#open.size;
  }

  /**
   * Takes a stream in and calls `onEnd` once it is over, by whomever: with OK if we ended it, else CANCELLED. Over the
   * limit, or while the server drains, it is ended here with its status, `onEnd` is told, and false returned.
   */
  adopt(call: OpenStream, onEnd: (code: status) => void): boolean {
    if (this.#ending) {
      call.end();
      onEnd(status.OK);
      return false;
    }
    if (this.#open.size >= this.#limit) {
      const details = `too many open streams: at most ${this.#limit} at a time`;
      call.emit('error', { code: status.RESOURCE_EXHAUSTED, details });
      onEnd(status.RESOURCE_EXHAUSTED);
      return false;
    }
    this.#open.add(call);
    const over = () => {
      if (this.#open.delete(call)) onEnd(this.#ending ? status.OK : status.CANCELLED);
    };
    // grpc-js emits `cancelled` for a client that cancelled, a dead connection and a passed deadline alike; `close` covers
    // a stream that was over before this listener was there.
    call.once('cancelled', over);
    call.once('close', over);
    if (call.cancelled || call.destroyed) over();
    return true;
  }

  /** Ends every stream with OK and from now on every new one: KEDA forgets its back-off only after a clean end. */
  endAll(): void {
    this.#ending = true;
    for (const call of this.#open) call.end();
  }
}
