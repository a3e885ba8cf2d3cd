import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { formatDate, parseDate } from '../../src/calendar/civil-date.ts';
import { picturePage, pictureSvg } from '../../src/calendar/picture/picture.ts';
import { clockChanges, weeksToCheck } from '../../src/calendar/picture/weeks-to-check.ts';
import { openZone, type Zone } from '../../src/calendar/wall-time.ts';
import { aDirectory } from '../config/files.ts';
import { launchBrowser } from '../support/browser.ts';
import { calendarOf } from '../support/calendar.ts';

const DESK = `calendar: desk
timezone: America/New_York
covers: {from: 2026-01-01, to: 2027-12-31}
sessions:
  regular: {days: mon-fri, hours: "09:30-16:00"}
holidays:
  - {date: 2026-11-26, name: "Thanks & <giving>"}
earlyCloses:
  - {date: 2026-11-27, close: "13:00", name: day after Thanksgiving}
windows:
  - {name: market-hours, on: regular, from: open-30m, floor: 2}
  - {name: quiet, outside: market-hours, ceiling: 3}
`;

function day(date: string): number {
  const parsed = parseDate(date);
  if (parsed === undefined) throw new Error(date);
  return parsed;
}

function newYork(): Zone {
  const zone = openZone('America/New_York');
  if (!zone) throw new Error('America/New_York');
  return zone;
}

const input = (from: string, to: string) => ({
  calendar: calendarOf(DESK),
  zone: newYork(),
  ranges: [{ from: day(from), to: day(to) }],
  autoLeadMs: 0,
});

describe('the weeks to check', () => {
  it('are this one, those with a dated row, and those in which the clocks change, neighbours joined', () => {
    const weeks = weeksToCheck(calendarOf(DESK), newYork(), day('2026-10-21'));
    expect(weeks.map(({ from, to }) => `${formatDate(from)} to ${formatDate(to)}`)).toEqual([
      '2026-10-19 to 2026-11-01',
      '2026-11-23 to 2026-11-29',
      '2027-03-08 to 2027-03-14',
      '2027-11-01 to 2027-11-07',
    ]);
  });

  it('end with coverage', () => {
    const short = calendarOf(DESK.replace('2027-12-31', '2026-11-26'));
    expect(weeksToCheck(short, newYork(), day('2026-11-24'))).toEqual([
      { from: day('2026-11-23'), to: day('2026-11-29') },
    ]);
  });

  it('know the days that are not 24 hours long', () => {
    expect(clockChanges(newYork(), day('2026-01-01'), day('2026-12-31')).map(formatDate)).toEqual([
      '2026-03-08',
      '2026-11-01',
    ]);
  });
});

describe('the picture', () => {
  it('draws floors as steps in the zone of the calendar, with the words that a pointer shows', () => {
    const svg = pictureSvg(input('2026-11-25', '2026-11-27'));
    const titles = [...svg.matchAll(/<rect class="floor"[^>]*><title>([^<]*)/g)].map(([, title]) => title);
    expect(titles).toEqual([
      'Mon 2026-11-23 09:00-16:00: floor 2 (market-hours)',
      'Tue 2026-11-24 09:00-16:00: floor 2 (market-hours)',
      'Wed 2026-11-25 09:00-16:00: floor 2 (market-hours)',
      'Fri 2026-11-27 09:00-13:00: floor 2 (market-hours)',
    ]);
    // 09:00 is three eighths of a day's 140 pixels.
    expect(svg).toMatch(/<rect class="floor" x="52.5" y="[\d.]+" width="40.83"/);
  });

  it('marks holidays and early closes, and escapes what people wrote', () => {
    const svg = pictureSvg(input('2026-11-26', '2026-11-27'));
    expect(svg.match(/class="holiday" x="0" y="34"/g)).toHaveLength(1);
    expect(svg).toContain('>13:00</text>');
    expect(svg).toContain('Thanks &amp; &lt;giving&gt;');
    expect(svg).not.toContain('<giving>');
  });

  it('says when the clocks change', () => {
    expect(pictureSvg(input('2026-11-01', '2026-11-01'))).toContain('>clocks back<');
    expect(pictureSvg(input('2026-03-08', '2026-03-08'))).toContain('>clocks forward<');
  });

  it('is whole by itself in a browser, as a page and as a drawing, at any width', async () => {
    const shown = input('2026-11-16', '2026-12-06');
    const directory = await aDirectory({});
    await writeFile(join(directory, 'desk.html'), picturePage(shown));
    await writeFile(join(directory, 'desk.svg'), pictureSvg(shown));
    const browser = await launchBrowser();
    try {
      for (const [name, width] of [
        ['desk.html', 400],
        ['desk.html', 1_200],
        ['desk.svg', 1_200],
      ] as const) {
        const page = await browser.newPage({ viewport: { width, height: 800 } });
        const said: string[] = [];
        page.on('console', (message) => void said.push(message.text()));
        page.on('request', (request) => void said.push(request.url()));
        const url = pathToFileURL(join(directory, name)).href;
        await page.goto(url);
        expect(said).toEqual([url]);
        expect(await page.locator('rect.floor:has(title)').count()).toBe(14);
        expect(await page.locator('text.time').allTextContents()).toEqual(['13:00']);
        if (name === 'desk.html') {
          expect(await page.locator('tbody tr').allTextContents()).toHaveLength(2);
          expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
        }
        await page.close();
      }
    } finally {
      await browser.close();
    }
  }, 60_000);
});
