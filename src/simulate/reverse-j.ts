/**
 * How busy a trading day is by the minute, relative to its session's mean: US volume is a reverse J (Ozenbas 2008, and 20
 * symbol-days of October 2013 by the half hour), an online broker's opening is 6 times the mean at a granularity of 5
 * minutes (Akamai, 2016). Outside the session 0.03.
 */
export const OUTSIDE_SESSION = 0.03;
/** The peak at the bell, what it decays to, and its time constant in minutes. */
export const OPENING_PEAK = 6;
export const OPENING_LEVEL = 1.3;
const DECAY_MINUTES = 10;
const RAMP_MINUTES = 30;

/** Without the opening burst. Minutes since the open (negative before it) and until the close. */
export function plateau(sinceOpen: number, untilClose: number): number {
  if (sinceOpen < -RAMP_MINUTES || untilClose <= 0) return OUTSIDE_SESSION;
  if (sinceOpen < 0) return 0.2 + (0.8 * (sinceOpen + RAMP_MINUTES)) / RAMP_MINUTES;
  if (sinceOpen < 60) return OPENING_LEVEL;
  if (untilClose <= 30) return 1.3;
  if (sinceOpen < 120) return 1.1;
  return untilClose <= 90 ? 0.9 : 0.75;
}

/** What the opening adds to the plateau. */
export function openingBurst(sinceOpen: number): number {
  return sinceOpen < 0 ? 0 : (OPENING_PEAK - OPENING_LEVEL) * Math.exp(-sinceOpen / DECAY_MINUTES);
}
