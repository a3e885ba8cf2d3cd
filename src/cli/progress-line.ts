import { createStatusArea } from './status-area.ts';

/** One line that tells how far something is, on a terminal only. */
export interface ProgressLine {
  /** `share` of all of it, 0..1; `what` ends the line. */
  show(share: number, what: string): void;
  /** Takes the line away. */
  clear(): void;
}

/** Null where `stream` is no terminal. */
export function createProgressLine(stream: NodeJS.WriteStream): ProgressLine | null {
  const area = createStatusArea(stream);
  if (area === null) return null;
  const began = performance.now();
  let shown = false;
  return {
    show(share, what) {
      shown = true;
      const bar = '█'.repeat(Math.round(share * 30)).padEnd(30, '░');
      area.show([`${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${left(share, began)}  ${what}`]);
    },
    clear() {
      if (shown) stream.write('\x1b[1A\x1b[2K');
    },
  };
}

/** Time left at the pace so far; nothing before there is a pace. */
function left(share: number, began: number): string {
  const passed = (performance.now() - began) / 1000;
  if (share < 0.02 || passed < 1) return 'estimating';
  const seconds = Math.round((passed * (1 - share)) / share);
  return seconds < 90 ? `${seconds} s left` : `${Math.round(seconds / 60)} min left`;
}
