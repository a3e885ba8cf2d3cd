import { describe, expect, it } from 'vitest';
import { loadRevision } from '../../src/config/load.ts';
import { calendarOpeningAt, writeDemoConfig } from '../../src/simulate/demo-config.ts';

const SOURCE = { scrape: { targets: [{ url: 'http://127.0.0.1:9/metrics', namespace: 'a', pod: 'b' }] } };

async function load(calendar?: string) {
  const config = await writeDemoConfig({
    source: SOURCE,
    httpPort: 0,
    ...(calendar !== undefined && { calendar }),
  });
  try {
    return await loadRevision(config.file);
  } finally {
    await config.remove();
  }
}

describe('the configuration of the demo', () => {
  it('is valid with the shipped calendar, whose floor is 2 from 09:00 in New York', async () => {
    const loaded = await load();
    if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
    const calendar = loaded.revision.calendars.get('us-equities');
    const nine = Date.parse('2026-11-23T14:00:00Z');
    expect([calendar?.boundsAt(nine - 1, 0).floor, calendar?.boundsAt(nine, 0).floor]).toEqual([0, 2]);
  });

  it.each(['2026-11-23T14:30:00Z', '2026-11-21T20:10:00Z', '2026-12-31T23:59:00Z', '2026-03-08T07:00:00Z'])(
    'opens a calendar of its own at %s, wherever midnight lies',
    async (open) => {
      const at = Date.parse(open);
      const loaded = await load(calendarOpeningAt(at, 'open-3m'));
      if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
      const calendar = loaded.revision.calendars.get('us-equities');
      const floors = [at - 180_001, at - 180_000, at + 900_000].map(
        (when) => calendar?.boundsAt(when, 0).floor,
      );
      expect(floors).toEqual([0, 2, 2]);
    },
  );
});
