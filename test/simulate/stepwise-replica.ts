import { createHistogram, type Histogram, observe } from '../../src/simulate/histogram.ts';
import type { ReplicaProfile } from '../../src/simulate/profiles.ts';
import type { RequestListener, SimRequest } from '../../src/simulate/request.ts';

/** vLLM's own counters of one engine since it started. */
export interface ReplicaCounters {
  readonly finished: number;
  /** Given up by their clients (`finished_reason="abort"`). */
  readonly aborted: number;
  readonly promptTokens: number;
  readonly generationTokens: number;
  readonly preemptions: number;
  /** Seconds from the arrival at this replica to the first token. */
  readonly firstToken: Histogram;
  readonly endToEnd: Histogram;
}

interface Job {
  readonly request: SimRequest;
  readonly enqueuedAt: number;
  /** When the engine can see it: after HTTP and the tokenizer. */
  readonly visibleAt: number;
  /** Prompt tokens (and, after a preemption, tokens generated before) still to be prefilled. */
  prefillLeft: number;
  /** Tokens of prefill in the step under way; 0 while decoding. */
  chunk: number;
  generated: number;
  /** KV tokens held. */
  held: number;
  scheduled: boolean;
  firstTokenAt: number | null;
}

/** Bucket bounds of vLLM's `time_to_first_token_seconds`. */
const FIRST_TOKEN_BUCKETS = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640,
  2560,
];
/** Bucket bounds of vLLM's `e2e_request_latency_seconds`. */
const END_TO_END_BUCKETS = [
  0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680,
];

/**
 * The replica model written as plainly as possible, one step of the engine at a time, to hold the fast one against: what runs goes first, a prompt is prefilled in
 * chunks beside the decoding sequences within maxNumBatchedTokens, what waits is admitted first come first served while
 * its prompt fits the KV cache, and when the cache is full the youngest running request is preempted and recomputed.
 * Simpler than vLLM: KV is counted in tokens, not blocks of 16; a prompt's KV is taken whole at admission; no prefix cache.
 */
export class StepwiseReplica {
  readonly profile: ReplicaProfile;
  readonly #listener: RequestListener;
  readonly #incoming: Job[] = [];
  readonly #waiting: Job[] = [];
  readonly #running: Job[] = [];
  #kvTokens = 0;
  #now: number;
  /** End of the step under way, null between steps. */
  #stepEnd: number | null = null;
  #idleSince: number;
  readonly #counters = {
    finished: 0,
    aborted: 0,
    promptTokens: 0,
    generationTokens: 0,
    preemptions: 0,
    firstToken: createHistogram(FIRST_TOKEN_BUCKETS),
    endToEnd: createHistogram(END_TO_END_BUCKETS),
  };

  constructor(profile: ReplicaProfile, startedAt: number, listener: RequestListener) {
    this.profile = profile;
    this.#listener = listener;
    this.#now = startedAt;
    this.#idleSince = startedAt;
  }

  /** `vllm:num_requests_running`: in the batch, prefilling ones included. */
  get running(): number {
    return this.#running.length;
  }

  /** `vllm:num_requests_waiting`: accepted and not in the batch. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** All requests it has, those that the engine cannot see yet included. */
  get inFlight(): number {
    return this.#incoming.length + this.#waiting.length + this.#running.length;
  }

  /** Share of the KV cache in use, 0..1. */
  get kvCacheUsage(): number {
    return this.#kvTokens / this.profile.kvCapacityTokens;
  }

  /** Since when it has no request; null while it has some. */
  get idleSince(): number | null {
    return this.inFlight === 0 ? this.#idleSince : null;
  }

  get counters(): ReplicaCounters {
    return this.#counters;
  }

  /** Takes a request at the instant `at`, which must not lie before the last one it was advanced to. */
  submit(request: SimRequest, at: number): void {
    this.advance(at);
    if (request.promptTokens + request.outputTokens > this.profile.kvCapacityTokens) {
      this.#listener.failed(request, at, 'too-long');
      return;
    }
    this.#incoming.push({
      request,
      enqueuedAt: at,
      visibleAt: at + this.profile.apiMs,
      prefillLeft: request.promptTokens,
      chunk: 0,
      generated: 0,
      held: 0,
      scheduled: false,
      firstTokenAt: null,
    });
  }

  /** Runs all steps that end at or before `to`. A step under way at `to` stays under way. */
  advance(to: number): void {
    while (true) {
      if (this.#stepEnd !== null) {
        if (this.#stepEnd > to) break;
        this.#now = this.#stepEnd;
        this.#endStep(this.#now);
      }
      this.#takeIncoming(this.#now);
      this.#abandon(this.#now);
      if (this.#running.length === 0 && this.#waiting.length === 0) {
        const next = this.#incoming[0]?.visibleAt;
        if (next === undefined || next > to) break;
        this.#now = Math.max(this.#now, next);
        continue;
      }
      this.#stepEnd = this.#now + this.#beginStep();
    }
    if (this.#stepEnd === null) this.#now = Math.max(this.#now, to);
    this.#abandon(to);
  }

  /** The pod is killed: whatever it still has fails. */
  kill(at: number): void {
    this.advance(at);
    const lost = [...this.#running, ...this.#waiting, ...this.#incoming];
    this.#running.length = 0;
    this.#waiting.length = 0;
    this.#incoming.length = 0;
    this.#kvTokens = 0;
    this.#stepEnd = null;
    this.#idleSince = at;
    for (const job of lost) this.#listener.failed(job.request, at, 'pod-gone');
  }

  #takeIncoming(at: number): void {
    while (this.#incoming[0] && this.#incoming[0].visibleAt <= at) {
      const job = this.#incoming.shift();
      if (job) this.#waiting.push(job);
    }
  }

  /** Clients that got no first token in time have hung up; vLLM aborts their requests. */
  #abandon(at: number): void {
    for (const queue of [this.#running, this.#waiting, this.#incoming]) {
      for (let index = 0; index < queue.length; index++) {
        const job = queue[index];
        if (!job || job.firstTokenAt !== null || job.request.deadline > at) continue;
        queue.splice(index--, 1);
        this.#kvTokens -= job.held;
        this.#counters.aborted++;
        this.#left(at);
        this.#listener.failed(job.request, job.request.deadline, 'timeout');
      }
    }
  }

  /** Chooses what the next step computes; its duration in ms. */
  #beginStep(): number {
    const { profile } = this;
    let budget = profile.maxNumBatchedTokens;
    let decoding = 0;
    let decodingKv = 0;
    let prefill = 0;
    const preemptionsBefore = this.#counters.preemptions;
    const give = (job: Job) => {
      job.scheduled = true;
      job.chunk = Math.min(job.prefillLeft, budget);
      prefill += job.chunk;
      budget -= job.chunk;
    };

    for (let index = 0; index < this.#running.length; index++) {
      const job = this.#running[index];
      if (!job) break;
      job.scheduled = false;
      if (budget === 0) continue;
      if (job.prefillLeft > 0) {
        give(job);
        continue;
      }
      if (!this.#makeRoom(job)) break;
      job.scheduled = true;
      job.held++;
      this.#kvTokens++;
      budget--;
      decoding++;
      decodingKv += job.held;
    }
    while (this.#counters.preemptions === preemptionsBefore && budget > 0 && this.#admit()) {
      const admitted = this.#running.at(-1);
      if (admitted) give(admitted);
    }
    return profile.a + profile.b * decoding + profile.c * decodingKv + profile.d * prefill;
  }

  /** Preempts the youngest until one more token fits; false when `job` itself had to go. */
  #makeRoom(job: Job): boolean {
    while (this.#kvTokens + 1 > this.profile.kvCapacityTokens) {
      const victim = this.#running.pop();
      if (!victim) return false;
      this.#counters.preemptions++;
      this.#kvTokens -= victim.held;
      victim.held = 0;
      victim.chunk = 0;
      victim.scheduled = false;
      victim.prefillLeft = victim.request.promptTokens + victim.generated;
      this.#waiting.unshift(victim);
      if (victim === job) return false;
    }
    return true;
  }

  #admit(): boolean {
    const job = this.#waiting[0];
    if (!job || this.#running.length >= this.profile.maxNumSeqs) return false;
    if (this.#kvTokens + job.prefillLeft > this.profile.kvCapacityTokens) return false;
    this.#waiting.shift();
    job.held = job.prefillLeft;
    this.#kvTokens += job.held;
    this.#running.push(job);
    return true;
  }

  #endStep(at: number): void {
    this.#stepEnd = null;
    let kept = 0;
    for (const job of this.#running) {
      if (job.scheduled) this.#progress(job, at);
      if (job.generated < job.request.outputTokens) {
        this.#running[kept++] = job;
        continue;
      }
      this.#kvTokens -= job.held;
      this.#counters.finished++;
      observe(this.#counters.endToEnd, (at - job.enqueuedAt) / 1000);
      this.#listener.finished(job.request, at);
    }
    if (kept < this.#running.length) {
      this.#running.length = kept;
      this.#left(at);
    }
  }

  /** One request's share of a step that has ended: a chunk of prompt, or a token. */
  #progress(job: Job, at: number): void {
    job.scheduled = false;
    job.prefillLeft -= job.chunk;
    job.chunk = 0;
    if (job.prefillLeft > 0) return;
    if (job.firstTokenAt === null) {
      // A token that comes after its client hung up is no first token; #abandon takes the request away.
      if (job.request.deadline <= at) return;
      job.firstTokenAt = at;
      this.#counters.promptTokens += job.request.promptTokens;
      observe(this.#counters.firstToken, (at - job.enqueuedAt) / 1000);
      this.#listener.firstToken(job.request, at);
    }
    job.generated++;
    this.#counters.generationTokens++;
  }

  #left(at: number): void {
    if (this.inFlight === 0) this.#idleSince = at;
  }
}
