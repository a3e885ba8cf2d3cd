/** Five minutes of traffic, as history has it; what is not known is null. */
export interface TrafficBucket {
  /** Its start, epoch ms, a multiple of BUCKET_MS. */
  readonly at: number;
  /** Requests per second that arrived (where nobody counts arrivals: that finished). */
  readonly arrivals: number | null;
  /** Requests per second that finished. */
  readonly finished: number | null;
  /** Means over the five minutes, of all replicas together. */
  readonly ongoing: number | null;
  readonly waiting: number | null;
  readonly replicas: number | null;
}

export const BUCKET_MS = 300_000;
