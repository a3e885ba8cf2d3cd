import type { ReplicaProfile } from './profiles.ts';
import { createRandom, lognormal } from './random.ts';
import { Replica } from './replica.ts';
import type { RequestListener } from './request.ts';

/** A lognormal duration: its median in seconds and the standard deviation of its logarithm. */
export interface Draw {
  readonly medianSeconds: number;
  readonly sigma: number;
}

/** How long a pod takes to be ready; the parts add up. */
export interface ColdStart {
  /** From bound to ready on a warm node: container, weights, compile, CUDA graphs; less the weights where those are apart. */
  readonly start: Draw;
  /** Loading the weights, where somebody asks what a faster loader would gain; null or left out: part of `start`. */
  readonly weights?: Draw | null;
  /** Image pull on a node that lacks it; null where images are cached. */
  readonly imagePull: Draw | null;
  /** From created to bound where no warm node is free. */
  readonly node: Draw;
  /** Warm nodes for this fleet; a pod beyond them waits for a new one. Infinity: always one free. */
  readonly warmNodes: number;
}

/** The shares measured for 8B-class replicas: llm-d's deploy-to-ready benchmark, AccelMark's load times. */
export const DEFAULT_COLD_START: ColdStart = {
  start: { medianSeconds: 95, sigma: 0.35 },
  imagePull: null,
  node: { medianSeconds: 150, sigma: 0.4 },
  warmNodes: Number.POSITIVE_INFINITY,
};

export type PodPhase = 'pending' | 'starting' | 'ready' | 'terminating' | 'gone';

/** One pod of the Deployment, from creation to its end. Instants are epoch ms; a GPU is paid for from bound to gone. */
export interface Pod {
  readonly name: string;
  readonly ordinal: number;
  readonly createdAt: number;
  readonly boundAt: number;
  /** When it becomes ready, if nobody deletes it before; once ready, since when. */
  readyAt: number;
  phase: PodPhase;
  deletedAt: number | null;
  goneAt: number | null;
  /** The engine; null until it has loaded. */
  replica: Replica | null;
}

export interface PodOptions {
  readonly seed: string | number;
  readonly ordinal: number;
  readonly coldStart: ColdStart;
  /** A warm node is free for it. */
  readonly warm: boolean;
}

/** A pod created at `at`. The n-th pod of a seed always takes the same time, whoever asks for it and when. */
export function createPod(at: number, { seed, ordinal, coldStart, warm }: PodOptions): Pod {
  const random = createRandom(seed, 'pod', ordinal);
  const draw = ({ medianSeconds, sigma }: Draw) => Math.round(lognormal(random, medianSeconds, sigma) * 1000);
  const start = draw(coldStart.start);
  const node = draw(coldStart.node);
  const pull = coldStart.imagePull ? draw(coldStart.imagePull) : 0;
  const weights = coldStart.weights ? draw(coldStart.weights) : 0;
  const boundAt = at + (warm ? 0 : node);
  return {
    name: `vllm-6c9f4d7b58-${suffix(createRandom(seed, 'name', ordinal))}`,
    ordinal,
    createdAt: at,
    boundAt,
    readyAt: boundAt + pull + weights + start,
    phase: 'pending',
    deletedAt: null,
    goneAt: null,
    replica: null,
  };
}

/** The engine has loaded: the pod can serve. */
export function makeReady(pod: Pod, profile: ReplicaProfile, at: number, listener: RequestListener): void {
  pod.phase = 'ready';
  pod.readyAt = at;
  pod.replica = new Replica(profile, at, listener);
}

/** GPU milliseconds by what they were spent on. */
export interface GpuTime {
  /** From bound to ready (or gone): the boot, paid for and of no use. */
  readonly starting: number;
  readonly serving: number;
  /** From deleted to gone. */
  readonly draining: number;
  /** Held by pause pods. */
  readonly buffer: number;
}

/** What a pod's GPU was paid for by `now`. */
export function gpuTime(pod: Pod, now: number): GpuTime {
  const end = pod.goneAt ?? now;
  const deleted = Math.min(end, pod.deletedAt ?? end);
  const ready = pod.replica === null ? deleted : Math.min(deleted, pod.readyAt);
  const between = (from: number, to: number) => Math.max(0, to - Math.max(from, pod.boundAt));
  return {
    starting: between(pod.boundAt, ready),
    serving: between(ready, deleted),
    draining: between(deleted, end),
    buffer: 0,
  };
}

/** Five characters as Kubernetes draws them: no vowels, nothing that looks like another. */
function suffix(random: () => number): string {
  const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
  return Array.from({ length: 5 }, () => alphabet[Math.floor(random() * alphabet.length)]).join('');
}
