export interface FieldDoc {
  readonly description: string;
  /** What holds when the field is left out, as it would be written; undefined: nothing, or what the description says. */
  readonly default?: string | number | boolean;
}

const doc = (description: string, value?: FieldDoc['default']): FieldDoc =>
  value === undefined ? { description } : { description, default: value };

/** What each policy field means and what holds without it; shown by editors through the JSON Schema. */
export const POLICY_DOCS: ReadonlyMap<string, FieldDoc> = new Map([
  ['policy', doc('Name by which triggers and bellwether.yaml ask for this policy.')],
  [
    'preset',
    doc('Fields set together, under those given here: ray (as without one, the default) or arrival-rate.'),
  ],
  ['minReplicas', doc('Fewest replicas; 0 allows the fleet to sleep.', 1)],
  ['maxReplicas', doc('Most replicas. Has no default.')],
  ['initialReplicas', doc('Replicas asked for while nothing is known of the fleet; default minReplicas.')],
  ['targetOngoingRequests', doc('Running and waiting requests that one replica should have.', 10)],
  ['upscaleDelay', doc('How long a rise must be wanted without a break.', '30s')],
  ['downscaleDelay', doc('How long a fall must be wanted without a break.', '5m')],
  ['downscaleToZeroDelay', doc('The same for the fall from one replica to none; default downscaleDelay.')],
  [
    'smoothingFactor',
    doc("Sets upscalingFactor and downscalingFactor, as Ray Serve's field of that name did."),
  ],
  ['upscalingFactor', doc('Share of the way up to the demand that one decision goes.', 1)],
  ['downscalingFactor', doc('Share of the way down to the demand that one decision goes.', 1)],
  ['lookBackPeriod', doc('Window over which signals are aggregated.', '30s')],
  ['aggregation', doc('How the window becomes one number; the mean is weighted by time.', 'mean')],
  ['signals', doc('Signals beside ongoing requests; each gives a demand of its own, the largest wins.')],
  ['signals.only', doc('Reads this one signal instead of the largest.')],
  ['signals.waiting', doc('Waiting requests (queue depth).')],
  ['signals.waiting.target', doc('Waiting requests that one replica may have.')],
  ['signals.kvCacheUsage', doc('Use of the KV cache.')],
  ['signals.kvCacheUsage.target', doc('Mean share of the KV cache to aim at, 0 to 1.')],
  ['signals.timeToFirstToken', doc('Mean time to first token.')],
  [
    'signals.timeToFirstToken.objective',
    doc('Time to first token to stay under; replicas grow by the ratio, at most doubling.'),
  ],
  ['signals.arrivalRate', doc('Requests that arrive, over what one replica carries.')],
  [
    'signals.arrivalRate.perReplica',
    doc('Requests per second that one replica carries within the objective; learned when left out.'),
  ],
  [
    'signals.arrivalRate.windows',
    doc('Windows over which arrivals are counted, ascending, 10s to 30m; default 30s, 1m, 2m, 5m and 10m.'),
  ],
  [
    'signals.arrivalRate.confidence',
    doc("Standard deviations by which each window's rate is believed less; default 1.5."),
  ],
  [
    'signals.arrivalRate.headroom',
    doc('Replicas beyond the demand x, in units of the square root of x; default 0.2.'),
  ],
  [
    'signals.arrivalRate.season',
    doc('What is usual at a time of day, by the classes of days of the calendar.'),
  ],
  [
    'signals.arrivalRate.season.history',
    doc("How far back it is learned from Prometheus' history, at most 90d; default 28d, 0s learns none."),
  ],
  [
    'signals.arrivalRate.promql',
    doc("A gateway's counter of requests, read in place of vLLM's counters: a query that yields one number."),
  ],
  ['signals.query', doc("A query of the operator's own that yields one number.")],
  ['signals.query.promql', doc('The PromQL.')],
  ['signals.query.target', doc('How much of the number one replica may have.')],
  ['signals.query.cap', doc('Most replicas that this query may ask for.')],
  ['burst', doc('Skips the upscale delay and freezes downscale under sudden load; off when left out.')],
  [
    'burst.threshold',
    doc(
      'Ongoing requests per ready replica, as a multiple of targetOngoingRequests, from which it is a burst.',
    ),
  ],
  ['burst.hold', doc('How long nothing falls after a burst.', '1m')],
  ['buffer', doc('Pause pods that keep nodes warm for the next rise; none when left out.')],
  ['buffer.min', doc('Fewest pause pods.', 0)],
  ['buffer.max', doc('Most pause pods; without it up to maxReplicas.')],
  [
    'buffer.lead',
    doc('How long a node takes from being asked for to being usable; default what was measured, or 5m.'),
  ],
  ['coldStart', doc('How long a replica takes from being created to being ready.')],
  ['coldStart.default', doc('Assumed before five starts have been measured.', '5m')],
  ['coldStart.max', doc('Most that is believed of what is measured.', '30m')],
  ['delay', doc('What a delay does with what it saw.')],
  [
    'delay.apply',
    doc(
      'Which of the values wanted during a delay is applied at its end; last is what Ray Serve does.',
      'last',
    ),
  ],
  ['guards', doc('Safeguards against harmful falls.')],
  ['guards.consolidation', doc('Never falls when the replicas left would be over target.', true)],
  ['landing', doc('The band in which the HPA ignores a change of the answer.')],
  ['landing.tolerance', doc("Tolerance of the fleet's HPA; 0 as in the ScaledObjects shipped here.", 0)],
  ['landing.roundUp', doc('Rounds a rise up out of the band.', false)],
  ['provisionTimeout', doc('How long replicas may stay unschedulable before no more are asked for.', '10m')],
  ['calendar', doc('Name of the calendar whose windows bound this policy.')],
  ['mode', doc('advisory decides, explains and exports, and steers nothing.', 'active')],
]);
