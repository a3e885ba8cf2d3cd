import { type ArrivalRule, arrivalRuleOf } from '../core/arrival-rule.ts';
import { formatDuration } from '../core/duration.ts';
import { arrivalRates, type WindowRate } from '../signal/arrivals.ts';
import { type SeasonRatio, seasonRatio } from '../signal/season.ts';
import { ongoingOf, pointsOf } from '../signal/series.ts';
import { aggregate, round6 } from '../signal/window.ts';
import { capacityOf, type PerReplica } from './carries.ts';
import { type DemandContext, type Finding, type Measured, unknown } from './measure.ts';
import { trim } from './step-result.ts';

/** A replica that comes serves what arrives in the minute after its start, too. */
const BEYOND_LEAD = 60_000;
/** A replica is kept until demand is this far below what one fewer would carry: a number that wavers costs starts. */
const KEEP = 0.15;
/** What asks for one replica and no more. */
const A_LITTLE = 0.001;

/** A window's rate and what the season makes of it. */
interface Forecast extends WindowRate {
  readonly season: SeasonRatio;
  /** Requests per second to be ready for. */
  readonly expected: number;
}

/**
 * What arrives, not what is there: the rate that each of several windows proves, times how much more is usual one cold
 * start ahead, the largest of them; over what a replica carries. Where arrivals or capacity are not known yet, ongoing requests
 * over their target may raise the fleet, and nothing may lower it.
 */
export function measureArrivalRate(ctx: DemandContext): Measured {
  const rule = arrivalRuleOf(ctx.policy.signals.arrivalRate ?? {});
  const source = rule.promql === null ? 'conservation' : 'gateway';
  const rates = arrivalRates(ctx.samples, ctx.at, rule.windows, { confidence: rule.confidence, source });
  if (rates.length === 0) return instead(ctx, whyUnknown(ctx, rule));
  const ahead = Math.ceil((ctx.lead + BEYOND_LEAD) / 1000) * 1000;
  const forecasts = rates.map((rate) => forecastOf(rate, rule, ctx, ahead));
  const best = forecasts.reduce((most, each) => (each.expected > most.expected ? each : most));
  const carries = capacityOf(rule, ctx, rates);
  const findings = [arrivalsFinding(best, forecasts), seasonFinding(best, ahead, rule, ctx)];
  if (best.expected > 0 && carries.rate === null) {
    return { ...instead(ctx, carries.why), findings: [...findings, capacityFinding(carries)] };
  }
  const demand = demandOf(best, { rule, ctx, carries, rates });
  return {
    value: round6(best.low),
    demand: demand.replicas,
    detail: sentence(best, ahead, carries) + demand.why,
    findings: [...findings, capacityFinding(carries)],
    ...(source === 'gateway' ? { independent: true } : {}),
  };
}

function forecastOf(
  rate: WindowRate,
  { history }: ArrivalRule,
  { traffic, at }: DemandContext,
  ahead: number,
): Forecast {
  const learned = history > 0 && traffic !== null ? traffic.season : null;
  const season = seasonRatio(learned, { at, window: rate.window, ahead });
  return { ...rate, season, expected: rate.low * season.ratio };
}

interface Parts {
  readonly rule: ArrivalRule;
  readonly ctx: DemandContext;
  readonly carries: PerReplica;
  readonly rates: readonly WindowRate[];
}

function demandOf(best: Forecast, { rule, ctx, carries, rates }: Parts): { replicas: number; why: string } {
  const busy = (ongoingOf(ctx.current) ?? 0) > 0 || (rates[rates.length - 1]?.rate ?? 0) > 0;
  if (best.expected <= 0 || carries.rate === null) {
    return busy ? { replicas: A_LITTLE, why: '; what little there is needs one' } : { replicas: 0, why: '' };
  }
  const load = best.expected / carries.rate;
  const backlog = backlogOf(ctx, best.expected, carries.rate);
  const replicas = load + backlog + rule.headroom * Math.sqrt(load);
  const kept = ctx.target !== null && Math.ceil(round6(replicas)) < ctx.target;
  const backlogText = backlog > 0 ? `, and ${trim(backlog)} replicas for a queue that outlives a start` : '';
  return { replicas: round6(kept ? Math.min(ctx.target, replicas + KEEP) : replicas), why: backlogText };
}

/**
 * Replicas that a queue asks for by itself, so that it is gone one cold start after they come: none where the replicas that run
 * clear it sooner than others could come. It also answers a capacity that was set, or learned, too high.
 */
function backlogOf(ctx: DemandContext, expected: number, carries: number): number {
  if ((ctx.current.waiting ?? 0) <= 0) return 0;
  const waiting = aggregate(
    pointsOf(ctx.samples, (sample) => sample.waiting),
    ctx.at,
    60_000,
    'min',
  );
  if (waiting === null || waiting <= 0 || ctx.lead <= 0) return 0;
  const lead = ctx.lead / 1000;
  const spare = Math.max(0, ctx.running * carries - expected);
  return waiting <= spare * lead ? 0 : waiting / (carries * lead);
}

/** Ray Serve's demand in place of one that is not known; not while history is still being read, which will tell. */
function instead(ctx: DemandContext, why: string): Measured {
  const { policy, samples, at, current, pending } = ctx;
  const ongoing = aggregate(pointsOf(samples, ongoingOf), at, policy.lookBackPeriod, policy.aggregation);
  if (pending || ongoing === null || current.presence !== 'fresh') return unknown(why);
  const demand = ongoing / policy.targetOngoingRequests;
  const detail = `${why}; ${trim(ongoing)} ongoing requests at ${trim(policy.targetOngoingRequests)} each are ${trim(demand)} replicas`;
  return { value: null, demand, detail, partial: why };
}

function whyUnknown({ current }: DemandContext, rule: ArrivalRule): string {
  if (rule.promql !== null) return "the gateway's requests are not counted yet";
  if (current.presence === 'fresh' && current.finished === null)
    return 'finished requests are not counted (vllm:request_success_total)';
  return 'arrivals are not known over half a window yet';
}

/** The sentence for the engineer on call: `3.1 requests/s now, x 1.4 expected within the next 3m, 1.2 a replica`. */
function sentence({ low, season }: Forecast, ahead: number, carries: PerReplica): string {
  const ratio =
    season.kind === null
      ? 'no season known'
      : `x ${trim(season.ratio)} expected within the next ${formatDuration(ahead)}`;
  const capacity = carries.rate === null ? '' : `, ${trim(carries.rate)} a replica`;
  return `${trim(low)} requests/s now, ${ratio}${capacity}`;
}

function arrivalsFinding(best: Forecast, all: readonly Forecast[]): Finding {
  const others = all.map(({ window, rate }) => `${formatDuration(window)} ${trim(rate)}`).join(', ');
  return {
    step: 'arrivals',
    reason: `${trim(best.low)} requests/s are proven over ${formatDuration(best.window)} (counted: ${others})`,
    inputs: {
      window: formatDuration(best.window),
      rate: round6(best.rate),
      low: round6(best.low),
      expected: round6(best.expected),
    },
  };
}

function seasonFinding(
  best: Forecast,
  ahead: number,
  rule: ArrivalRule,
  { traffic }: DemandContext,
): Finding {
  const { ratio, coming, past, kind, days } = best.season;
  const inputs = { ratio: round6(ratio), coming, past, kind, days, horizon: ahead };
  if (kind === null) {
    const why =
      rule.history === 0
        ? 'the policy learns none'
        : traffic === null
          ? 'no history of days has been read'
          : `${traffic.season.days} days of history say nothing of this time`;
    return { step: 'season', reason: `x 1: ${why}`, inputs };
  }
  const usual = `${trim(coming ?? 0)} requests/s are usual within the next ${formatDuration(ahead)}`;
  const against = `${trim(past ?? 0)} over the last ${formatDuration(best.window)}`;
  return {
    step: 'season',
    reason: `x ${trim(ratio)}: ${usual}, ${against} (${kind}, ${days} days seen)`,
    inputs,
  };
}

function capacityFinding({ rate, why }: PerReplica): Finding {
  const known = rate === null ? 'unknown' : `${trim(rate)} requests/s a replica`;
  return { step: 'capacity', reason: `${known}: ${why}`, inputs: { perReplica: rate } };
}
