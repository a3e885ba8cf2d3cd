import { DeadlineQueue } from './deadline-queue.ts';
import { createHistogram, type Histogram, observe } from './histogram.ts';
import type { ReplicaProfile } from './profiles.ts';
import type { RequestListener, SimRequest } from './request.ts';
import { type Phase, phaseMs, stepsWithin } from './step-phase.ts';

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
  /** Tokens generated before its last prefill ended; `decodesFrom` tells of those since. */
  generated: number;
  /** The engine's count of decode steps at which it began to decode; what it generated since is one token a step. */
  decodesFrom: number;
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
 * One vLLM engine in virtual time, as its V1 scheduler works: what runs goes first, a prompt is prefilled in chunks beside
 * the decoding sequences within maxNumBatchedTokens, what waits is admitted first come first served while its prompt fits
 * the KV cache, and when the cache is full the youngest running request is preempted and recomputed. Steps that all look
 * alike (the same sequences decode, nothing else can happen) are one phase with its duration in closed form, so that a
 * request costs a handful of events however many tokens it has.
 * Simpler than vLLM: KV is counted in tokens, not blocks of 16; a prompt's KV is taken whole at admission; no prefix cache.
 */
export class Replica {
  readonly profile: ReplicaProfile;
  readonly #listener: RequestListener;
  readonly #incoming = new DeadlineQueue<Job>(deadlineOf);
  /** Preempted ones, the next to be admitted last; they wait ahead of `#waiting` and have had their first token. */
  readonly #preempted: Job[] = [];
  readonly #waiting = new DeadlineQueue<Job>(deadlineOf);
  /** In order of admission: decoding ones, then those being prefilled. */
  readonly #running: Job[] = [];
  /** How many of `#running`, from its end, are still being prefilled. */
  #prefilling = 0;
  #decodeSteps = 0;
  #kvTokens = 0;
  /** Of these, those of sequences that decode. */
  #decodingKv = 0;
  #now: number;
  #phase: Phase | null = null;
  #phaseEnd = Number.POSITIVE_INFINITY;
  #nextEvent = Number.POSITIVE_INFINITY;
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
    return this.#preempted.length + this.#waiting.length;
  }

  /** All requests it has, those that the engine cannot see yet included. */
  get inFlight(): number {
    return this.#incoming.length + this.waiting + this.#running.length;
  }

  /** Share of the KV cache in use, 0..1. */
  get kvCacheUsage(): number {
    const phase = this.#phase;
    // The step under way has taken its tokens' room already.
    const grown = phase ? phase.decoding * Math.min(phase.steps, this.#stepsDone() + 1) : 0;
    return (this.#kvTokens + grown) / this.profile.kvCapacityTokens;
  }

  /** Since when it has no request; null while it has some. */
  get idleSince(): number | null {
    return this.inFlight === 0 ? this.#idleSince : null;
  }

  /** The next instant at which it changes by itself; before it, advance() does nothing. Infinity while idle. */
  get nextEventAt(): number {
    return this.#nextEvent;
  }

  get counters(): ReplicaCounters {
    const decoded = this.#phase ? this.#phase.decoding * this.#stepsDone() : 0;
    if (decoded === 0) return this.#counters;
    return { ...this.#counters, generationTokens: this.#counters.generationTokens + decoded };
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
      generated: 0,
      decodesFrom: 0,
      firstTokenAt: null,
    });
    this.#cutPhase(at + this.profile.apiMs);
    this.#schedule();
  }

  /** Runs everything that ends at or before `to`. A step under way at `to` stays under way. */
  advance(to: number): void {
    while (this.#nextEvent <= to) {
      this.#now = this.#nextEvent;
      if (this.#phaseEnd <= this.#now) this.#endPhase(this.#now);
      if (this.#phase === null) this.#takeIncoming(this.#now);
      this.#hangUp(this.#now);
      if (this.#phase === null && this.#running.length + this.waiting > 0) this.#beginPhase(this.#now);
      this.#schedule();
    }
    this.#now = Math.max(this.#now, to);
  }

  /** The pod is killed: whatever it still has fails. */
  kill(at: number): void {
    this.advance(at);
    const lost = [
      ...this.#running,
      ...this.#preempted.reverse(),
      ...this.#waiting.takeAll(),
      ...this.#incoming.takeAll(),
    ];
    this.#running.length = 0;
    this.#preempted.length = 0;
    this.#prefilling = 0;
    this.#kvTokens = 0;
    this.#decodingKv = 0;
    this.#phase = null;
    this.#phaseEnd = Number.POSITIVE_INFINITY;
    this.#idleSince = at;
    this.#schedule();
    for (const job of lost) this.#listener.failed(job.request, at, 'pod-gone');
  }

  #schedule(): void {
    let next = Math.min(this.#phaseEnd, this.#waiting.earliest, this.#incoming.earliest);
    if (this.#phase === null) next = Math.min(next, this.#incoming.first?.visibleAt ?? next);
    this.#nextEvent = Math.max(next, this.#now);
  }

  #takeIncoming(at: number): void {
    for (let job = this.#incoming.first; job && job.visibleAt <= at; job = this.#incoming.first) {
      this.#incoming.shift();
      this.#waiting.push(job);
    }
  }

  /** Clients that got no first token in time have hung up; vLLM aborts their requests. */
  #hangUp(at: number): void {
    if (this.#waiting.earliest > at && this.#incoming.earliest > at) return;
    for (const queue of [this.#waiting, this.#incoming])
      for (const job of queue.takeOverdue(at)) this.#abort(job);
    this.#left(at);
    // Behind one that did not fit may be one that does: the scheduler looks again after the step under way.
    this.#cutPhase(at);
  }

  #abort({ request }: Job): void {
    this.#counters.aborted++;
    this.#listener.failed(request, request.deadline, 'timeout');
  }

  /** Ends the phase under way with the first of its steps that ends at or after `at`. */
  #cutPhase(at: number): void {
    const phase = this.#phase;
    if (phase === null || phase.steps === 1) return;
    let steps = Math.max(1, stepsWithin(phase, at));
    if (phase.startedAt + phaseMs(phase, steps) < at) steps++;
    if (steps >= phase.steps) return;
    this.#phase = { ...phase, steps };
    this.#phaseEnd = phase.startedAt + phaseMs(phase, steps);
  }

  #stepsDone(): number {
    return this.#phase ? Math.min(this.#phase.steps, stepsWithin(this.#phase, this.#now)) : 0;
  }

  /** Chooses what is computed next: one step that prefills, or as many alike as only decode. */
  #beginPhase(at: number): void {
    const { profile } = this;
    const preempted = this.#makeRoom();
    const decoding = this.#running.length - this.#prefilling;
    const budget = profile.maxNumBatchedTokens - decoding;
    const prefill = this.#prefill(budget, !preempted);
    const blocked = prefill > 0 || preempted;
    const phase: Phase = {
      startedAt: at,
      steps: blocked ? 1 : this.#alikeSteps(decoding),
      decoding,
      fixedMs: profile.a + profile.b * decoding + profile.c * this.#decodingKv + profile.d * prefill,
      growthMs: profile.c * decoding,
    };
    this.#phase = phase;
    this.#phaseEnd = at + phaseMs(phase, phase.steps);
    const visibleAt = this.#incoming.first?.visibleAt;
    if (visibleAt !== undefined) this.#cutPhase(visibleAt);
  }

  /** Decode steps until a sequence ends or the KV cache is full. */
  #alikeSteps(decoding: number): number {
    let steps = Math.floor((this.profile.kvCapacityTokens - this.#kvTokens) / decoding);
    for (const job of this.#running) steps = Math.min(steps, job.request.outputTokens - this.#generated(job));
    return steps;
  }

  /** Tokens of a decoding sequence so far, the phase under way aside. */
  #generated(job: Job): number {
    return job.generated + this.#decodeSteps - job.decodesFrom;
  }

  /** Preempts the youngest until each decoding sequence has room for one more token; whether it had to. */
  #makeRoom(): boolean {
    const before = this.#counters.preemptions;
    while (this.#kvTokens + this.#running.length - this.#prefilling > this.profile.kvCapacityTokens) {
      const victim = this.#running.pop();
      if (victim === undefined) break;
      this.#counters.preemptions++;
      if (this.#prefilling > 0) {
        this.#prefilling--;
        this.#kvTokens -= victim.request.promptTokens + victim.generated;
      } else {
        victim.generated = this.#generated(victim);
        this.#releaseDecoding(victim.request.promptTokens + victim.generated - 1);
      }
      victim.prefillLeft = victim.request.promptTokens + victim.generated;
      this.#preempted.push(victim);
    }
    return this.#counters.preemptions > before;
  }

  #releaseDecoding(tokens: number): void {
    this.#kvTokens -= tokens;
    this.#decodingKv -= tokens;
  }

  /** Gives out the step's budget for prompts: to one begun before, then to what waits. The tokens given. */
  #prefill(budget: number, mayAdmit: boolean): number {
    let left = budget;
    let job = this.#prefilling > 0 ? this.#running[this.#running.length - 1] : undefined;
    if (job === undefined && mayAdmit && left > 0) job = this.#admit();
    while (job !== undefined) {
      const chunk = Math.min(job.prefillLeft, left);
      job.prefillLeft -= chunk;
      left -= chunk;
      job = mayAdmit && left > 0 ? this.#admit() : undefined;
    }
    return budget - left;
  }

  #admit(): Job | undefined {
    const job = this.#preempted[this.#preempted.length - 1] ?? this.#waiting.first;
    if (!job || this.#running.length >= this.profile.maxNumSeqs) return undefined;
    // Those that decode have been given their next token's room before.
    const taken = this.#kvTokens + this.#running.length - this.#prefilling;
    if (taken + job.prefillLeft > this.profile.kvCapacityTokens) return undefined;
    if (this.#preempted.pop() === undefined) this.#waiting.shift();
    this.#kvTokens += job.prefillLeft;
    this.#running.push(job);
    this.#prefilling++;
    return job;
  }

  #endPhase(at: number): void {
    const phase = this.#phase;
    if (phase === null) return;
    const tokens = phase.decoding * phase.steps;
    this.#phase = null;
    this.#phaseEnd = Number.POSITIVE_INFINITY;
    this.#decodeSteps += phase.steps;
    this.#kvTokens += tokens;
    this.#decodingKv += tokens;
    this.#counters.generationTokens += tokens;
    let kept = 0;
    for (let index = 0; index < this.#running.length; index++) {
      const job = this.#running[index];
      if (job === undefined) continue;
      const decodes = index < phase.decoding || this.#prefilled(job, at);
      if (decodes === 'gone' || (decodes && this.#finished(job, at))) continue;
      this.#running[kept++] = job;
    }
    if (kept < this.#running.length) {
      this.#running.length = kept;
      this.#left(at);
    }
  }

  /** The end of a step for one that is being prefilled: false while more of its prompt is to come. */
  #prefilled(job: Job, at: number): boolean | 'gone' {
    const { request } = job;
    const first = job.firstTokenAt === null;
    // A token that comes after its client hung up is no first token.
    if (first && request.deadline <= at) {
      this.#prefilling--;
      this.#kvTokens -= request.promptTokens;
      this.#abort(job);
      return 'gone';
    }
    if (job.prefillLeft > 0) return false;
    this.#prefilling--;
    this.#decodingKv += request.promptTokens + job.generated;
    job.generated++;
    job.decodesFrom = this.#decodeSteps;
    this.#counters.generationTokens++;
    if (first) {
      job.firstTokenAt = at;
      this.#counters.promptTokens += request.promptTokens;
      observe(this.#counters.firstToken, (at - job.enqueuedAt) / 1000);
      this.#listener.firstToken(request, at);
    }
    return true;
  }

  /** Whether a decoding sequence has all its tokens; then it is told and its KV cache freed. */
  #finished(job: Job, at: number): boolean {
    const { request } = job;
    if (this.#generated(job) < request.outputTokens) return false;
    this.#releaseDecoding(request.promptTokens + request.outputTokens - 1);
    this.#counters.finished++;
    observe(this.#counters.endToEnd, (at - job.enqueuedAt) / 1000);
    this.#listener.finished(request, at);
    return true;
  }

  #left(at: number): void {
    if (this.inFlight === 0) this.#idleSince = at;
  }
}

function deadlineOf({ request }: Job): number {
  return request.deadline;
}
