import { mapLimited } from '../limited.ts';
import type { KubeApi } from './api.ts';
import type { Target, Targets } from './targets.ts';
import { readScale, WATCHED_KINDS } from './workload.ts';

export interface ScalesOptions {
  readonly api: KubeApi;
  readonly targets: Targets;
  /** ms. */
  readonly interval: number;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

const CONCURRENCY = 4;

/** Reads the scale subresource of every target whose kind is not watched itself, again and again. */
export function pollScales(options: ScalesOptions): { stop(): void } {
  const { api, targets, interval, now, signal } = options;
  let busy = false;

  async function read(target: Target): Promise<void> {
    const answer = await api.get(scalePath(target), {}, signal);
    if (!answer.ok) return;
    targets.setWorkload(target, readScale(answer.value));
    target.readAt = now();
  }

  async function round(): Promise<void> {
    if (busy) return;
    busy = true;
    const due = [...targets.all()].filter(({ kind, readAt }) => {
      return !isWatched(kind) && (readAt === null || now() - readAt >= interval);
    });
    await mapLimited(due, CONCURRENCY, read);
    busy = false;
  }

  const timer = setInterval(() => void round(), Math.min(interval, 1_000));
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

function isWatched(kind: string): boolean {
  return WATCHED_KINDS.some((one) => one.kind === kind);
}

/** KEDA writes the plural that it found into the ScaledObject's status; before that the usual one is tried. */
function scalePath({ namespace, kind, name, ref }: Target): string {
  const api = ref.apiVersion.includes('/') ? `/apis/${ref.apiVersion}` : `/api/${ref.apiVersion}`;
  return `${api}/namespaces/${namespace}/${ref.resource || `${kind}s`}/${name}/scale`;
}
