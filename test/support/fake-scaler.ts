import type {
  Answer,
  AnsweredFleet,
  FleetHandle,
  Follower,
  Scaler,
  TriggerRef,
} from '../../src/control/scaler.ts';
import { type FleetConfig, fleetKey, type Role } from '../../src/core/fleet.ts';
import { ScalerError } from '../../src/core/scaler-error.ts';
import type { FollowedScaler } from '../../src/serve/grpc/thread/desk.ts';

/**
 * A Scaler whose answers a test sets. Fleets are told apart by namespace, name, role and model; metadata with a key
 * `bad` is refused with its value, as control refuses unknown keys.
 */
export interface FakeScaler extends Scaler, FollowedScaler {
  resolve(ref: TriggerRef): FleetHandle | ScalerError;
  /** Sets the answer of a fleet and tells its subscribers, as a Snapshot does. */
  set(fleet: string, answer: Partial<Answer>): void;
  /** What `settled` returns from now on, instead of the answer. */
  settle(answer: Promise<Answer>): void;
  /** Knows it no longer. */
  forget(fleet: string): void;
  /** Triggers are to be resolved again. */
  reload(): void;
  /** Fleets that were asked for on another thread, one after the other. */
  readonly asks: readonly string[];
  /** Listeners that are subscribed just now. */
  readonly listeners: number;
  /** How many triggers were resolved, and how many calls waited for a first decision. */
  readonly resolved: readonly TriggerRef[];
  readonly waited: number;
}

export const UNKNOWN: Answer = { replicas: null, floorAboveZero: false, reason: 'no decision yet', at: null };

/** An answer of `replicas` decided at grid instant `at`. */
export function anAnswer(replicas: number | null, at = 0, more: Partial<Answer> = {}): Answer {
  return { replicas, floorAboveZero: false, reason: `${replicas} replicas, says the test`, at, ...more };
}

export function fakeScaler(fallback: Answer = anAnswer(2)): FakeScaler {
  const answers = new Map<string, Answer>();
  const handles = new Map<string, FleetHandle>();
  const subscribers = new Map<string, Set<(answer: Answer) => void>>();
  const resolved: TriggerRef[] = [];
  let settled: Promise<Answer> | null = null;
  let waited = 0;
  const asked: string[] = [];
  const followers: Follower[] = [];
  const nameOf = (fleet: FleetHandle) => `${fleet.config.id.namespace}/${fleet.config.id.name}`;
  const answer = (fleet: AnsweredFleet) => answers.get(nameOf(fleet as FleetHandle)) ?? fallback;

  return {
    set(fleet, part) {
      const next = { ...(answers.get(fleet) ?? fallback), ...part };
      answers.set(fleet, next);
      for (const listener of [...(subscribers.get(fleet) ?? [])]) listener(next);
      const told = [...handles.values()].filter((handle) => nameOf(handle) === fleet);
      for (const follower of followers) follower.answered(told);
    },
    forget(fleet) {
      const gone = [...handles.values()].filter((handle) => nameOf(handle) === fleet);
      for (const handle of gone) {
        handles.delete(handle.key);
        for (const follower of followers) follower.gone(handle);
      }
    },
    reload() {
      for (const follower of followers) follower.respelled();
    },
    asks: asked,
    asked: (fleet) => void asked.push(nameOf(fleet)),
    follow: (follower) => void followers.push(follower),
    settle(promise) {
      settled = promise;
    },
    get listeners() {
      return [...subscribers.values()].reduce((sum, set) => sum + set.size, 0);
    },
    resolved,
    get waited() {
      return waited;
    },
    resolve(ref) {
      resolved.push(ref);
      if (ref.metadata.bad !== undefined)
        return new ScalerError('invalid', `metadata.bad: ${ref.metadata.bad}`);
      if (ref.metadata.refused !== undefined) return new ScalerError('refused', 'the policy is advisory');
      if (ref.metadata.throws !== undefined) throw new Error('secret inside');
      const handle = handleOf(ref);
      const known = handles.get(handle.key) ?? handle;
      handles.set(handle.key, known);
      return known;
    },
    answer,
    explained: answer,
    settled(fleet) {
      waited += 1;
      return settled ?? Promise.resolve(answer(fleet));
    },
    subscribe(fleet, listener) {
      const name = nameOf(fleet as FleetHandle);
      const set = subscribers.get(name) ?? new Set();
      subscribers.set(name, set.add(listener));
      return () => set.delete(listener);
    },
    fleets: () => [],
    explain: () => Promise.reject(new ScalerError('not-found', 'not in a test')),
    chart: () => [],
    agenda: () => [],
    health: () => ({
      ready: true,
      lastTurn: 0,
      source: { name: 'prometheus', up: true, error: null, lastSuccess: 0, requests: 0 },
      revision: 'test',
      refused: [],
      evaluationInterval: 5_000,
    }),
  };
}

function handleOf({ namespace, name, metadata }: TriggerRef): FleetHandle {
  const role: Role = metadata.role === 'buffer' ? 'buffer' : 'replicas';
  const config: FleetConfig = {
    id: { namespace, name, role, model: metadata.model ?? '', matchLabels: {} },
    policy: undefined,
    calendar: undefined,
    overrides: {},
    scaleTarget: undefined,
    bufferOf: undefined,
    advisoryAnswer: undefined,
  };
  return { key: fleetKey(config.id), config };
}
