import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anAuthority } from '../support/certificates.ts';
import {
  type Explained,
  eventually,
  fourPods,
  INTERVAL,
  pause,
  startWorld,
  type World,
  watchAnswers,
} from '../support/fault-world.ts';
import { freePort } from '../support/prometheus.ts';
import {
  type Fault,
  sendJson,
  startTinyPrometheus,
  type TinyPrometheus,
} from '../support/tiny-prometheus.ts';

interface Row {
  readonly fault: string;
  /** Lets it happen; what is returned undoes it, where clearing faults and pods is not enough. */
  begin(world: World): unknown;
  end?(world: World): unknown;
  /** What explain must say of it. */
  readonly says: RegExp;
  /** Null where all is known nonetheless. */
  readonly held: 'absent' | 'stale' | 'partial' | null;
  /** What is answered meanwhile under a floor of 6; the floor, unless said otherwise. */
  readonly answer?: number;
}

const FLOOR = 6;

const answering =
  (status: number, body: string, headers: Record<string, string> = {}): Fault =>
  ({ response }) =>
    void response.writeHead(status, headers).end(body);

const broken = (fault: string, says: RegExp, respond: Fault): Row => ({
  fault,
  held: 'absent',
  says,
  begin: ({ tiny }) => {
    tiny.fault = respond;
  },
});

const pods = (fault: string, says: RegExp, held: Row['held'], change: (world: World) => void): Row => ({
  fault,
  held,
  says,
  begin: change,
});

/** Of an authority that bellwether.yaml names. */
function certified(fault: string, says: RegExp, prometheus: () => TinyPrometheus): Row {
  return {
    fault,
    held: 'absent',
    says,
    async begin(world) {
      await world.folder.write('ca.pem', authority.cert);
      await world.aim(prometheus().url, `, caFile: ${world.folder.path}/ca.pem`);
    },
    end: (world) => world.aim(world.tiny.url),
  };
}

const ROWS: readonly Row[] = [
  {
    fault: 'refuses connections',
    held: 'absent',
    says: /refused the connection|broke/,
    begin: ({ tiny }) => tiny.refuse(),
    end: ({ tiny }) => tiny.listen(),
  },
  {
    fault: 'has a name that no longer resolves',
    held: 'absent',
    says: /does not resolve/,
    begin: (world) => world.aim('http://prometheus.invalid:9090'),
    end: (world) => world.aim(world.tiny.url),
  },
  {
    fault: 'shows a certificate of an unknown authority',
    held: 'absent',
    says: /certificate.*\(set caFile\)/,
    begin: (world) => world.aim(secure.url),
    end: (world) => world.aim(world.tiny.url),
  },
  certified('shows a certificate for another name', /a certificate for another name/, () => misnamed),
  certified('shows a certificate that has expired', /a certificate that has expired/, () => expired),
  {
    fault: 'moved to a port where nobody listens',
    held: 'absent',
    says: /refused the connection/,
    begin: async (world) => world.aim(`http://127.0.0.1:${await freePort()}`),
    end: (world) => world.aim(world.tiny.url),
  },
  broken('accepts and hangs', /did not answer within 400ms/, () => undefined),
  broken('sends one byte a second', /did not answer within 400ms/, ({ response, good }) => {
    const text = good();
    let at = 0;
    const timer = setInterval(() => response.write(text[at++] ?? ' '), 1_000);
    response.writeHead(200, { 'content-type': 'application/json' }).write(text[at++]);
    response.once('close', () => clearInterval(timer));
  }),
  broken('breaks every connection', /broke/, ({ response }) => response.destroy()),
  broken('answers 401', /answered 401: it does not accept our credentials/, answering(401, 'no')),
  broken(
    'answers 429 with Retry-After',
    /answered 429: too many requests/,
    answering(429, 'slow', { 'retry-after': '1' }),
  ),
  broken('answers 500', /answered 500/, answering(500, '{"status":"error","error":"boom"}')),
  broken('answers 503 without a body', /answered 503 with nothing/, answering(503, '')),
  broken('answers with a login page', /with HTML instead of JSON/, answering(200, '<html>log in</html>')),
  broken('answers with half of the JSON', /no JSON, or with half of it/, ({ response, good }) => {
    const text = good();
    sendJson(response, text.slice(0, text.length / 2));
  }),
  broken('breaks its answer off', /broke its answer off/, ({ response, good }) => {
    response.writeHead(200, { 'content-length': '100000' });
    response.write(good());
    response.socket?.end();
  }),
  broken('answers with 100 MB', /answered with more than 64 MiB|did not answer within/, ({ response }) => {
    const chunk = Buffer.alloc(1024 * 1024, ' ');
    let left = 100;
    const write = (): void => {
      while (left-- > 0) if (!response.write(chunk)) return void response.once('drain', write);
      response.end();
    };
    write();
  }),
  broken('warns that its answer is partial', /answered in part only: a store is down/, ({ response, good }) =>
    sendJson(response, JSON.stringify({ ...JSON.parse(good()), warnings: ['a store is down'] })),
  ),
  broken('answers with nothing at all in every vector', /no series of model mistral/, ({ response }) =>
    sendJson(response, '{"status":"success","data":{"resultType":"vector","result":[]}}'),
  ),
  pods('knows no pod', /no series of model mistral/, 'absent', ({ tiny }) => {
    tiny.pods = [];
  }),
  {
    fault: 'was restarted with an empty store and knows one pod of four so far',
    held: 'partial',
    says: /3 of 4 pods do not report/,
    async begin({ tiny }) {
      await tiny.refuse();
      await pause(INTERVAL);
      tiny.young = true;
      tiny.pods = fourPods().slice(0, 1);
      await tiny.listen();
    },
  },
  pods('reads NaN', /no series of model mistral|no finite/, 'absent', ({ tiny }) => {
    tiny.pods = fourPods({ running: 'NaN', waiting: 'NaN' });
  }),
  pods('reads +Inf', /no series of model mistral/, 'absent', ({ tiny }) => {
    tiny.pods = fourPods({ running: '+Inf', waiting: '+Inf' });
  }),
  pods('has only samples from an hour ago', /the newest sample is 1h.* old/, 'stale', ({ tiny }) => {
    tiny.pods = fourPods({ running: 0, waiting: 0, age: 3_600_000 });
  }),
  pods('has a clock 10 minutes behind ours', /the newest sample is 10m.* old/, 'stale', ({ tiny }) => {
    tiny.pods = fourPods({ running: 0, waiting: 0, age: 600_000 });
  }),
  broken(
    'has a clock 10 minutes ahead of ours',
    /has a clock that is 10m(0s)? ahead of ours|9m5\ds ahead/,
    ({ response, good }) => {
      response.setHeader('date', new Date(Date.now() + 600_000).toUTCString());
      sendJson(response, good());
    },
  ),
  pods('has samples from the future', /the newest sample is 10m.* in the future/, 'stale', ({ tiny }) => {
    tiny.pods = fourPods({ running: 0, waiting: 0, age: -600_000 });
  }),
  pods('scrapes half the pods in vain', /2 of 4 pods do not report/, 'partial', ({ tiny }) => {
    const [a, b, c, d] = fourPods();
    if (a && b && c && d)
      tiny.pods = [a, b, { ...c, reports: false, up: 0 }, { ...d, reports: false, up: 0 }];
  }),
  pods('scrapes all pods in vain', /scraped in vain: vllm-0/, 'absent', ({ tiny }) => {
    tiny.pods = fourPods({ reports: false, up: 0 });
  }),
  pods('reads the same model under another name', /no series of model mistral/, 'absent', ({ tiny }) => {
    tiny.pods = fourPods({ model: 'mistral-v2' });
  }),
  pods('lost `up` but not the gauges', /./, null, ({ tiny }) => {
    tiny.pods = fourPods({ up: null });
  }),
  {
    ...pods('has a counter where a gauge was', /maxReplicas is 10/, null, ({ tiny }) => {
      tiny.pods = fourPods({ running: 1_234_567 });
    }),
    answer: 10,
  },
  pods('has every series twice', /./, null, ({ tiny }) => {
    tiny.pods = [...fourPods(), ...fourPods()];
  }),
  {
    ...broken('flaps each second', /Prometheus answered 503/, (request) => {
      if (Math.floor(Date.now() / 1_000) % 2 === 0) answering(503, '')(request);
      else sendJson(request.response, request.good());
    }),
  },
];

const authority = anAuthority('the team');
let secure: TinyPrometheus;
let misnamed: TinyPrometheus;
let expired: TinyPrometheus;
/** Rows run side by side, each in a world of its own while it lasts. */
const WORLDS = 6;
const worlds: World[] = [];
const outcomes = new Map<Row, Promise<void>>();

beforeAll(async () => {
  secure = await startTinyPrometheus(fourPods(), anAuthority('nobody you know').issue('localhost'));
  misnamed = await startTinyPrometheus(fourPods(), authority.issue('p', undefined, 'prometheus.monitoring'));
  expired = await startTinyPrometheus(fourPods(), authority.issue('p', new Date(Date.now() - 60_000)));
  const rows = ROWS.values();
  const settle = new Map<Row, (outcome: Promise<void>) => void>();
  for (const row of ROWS) outcomes.set(row, new Promise((resolve) => settle.set(row, resolve)));
  for (let index = 0; index < WORLDS; index++) {
    const ready = startWorld().then((world) => {
      worlds.push(world);
      return world;
    });
    void workThrough(ready, rows, (row, outcome) => settle.get(row)?.(outcome));
  }
});
afterAll(async () => {
  await Promise.all(worlds.map((world) => world.stop()));
  for (const prometheus of [secure, misnamed, expired]) await prometheus?.stop();
});

async function workThrough(
  ready: Promise<World>,
  rows: IterableIterator<Row>,
  settle: (row: Row, outcome: Promise<void>) => void,
): Promise<void> {
  const world = await ready.catch(() => null);
  for (const row of rows) {
    const outcome = world === null ? ready.then(() => {}) : suffer(world, row);
    settle(row, outcome);
    await outcome.catch(() => {});
  }
}

function cure(tiny: TinyPrometheus): void {
  tiny.fault = null;
  tiny.young = false;
  tiny.pods = fourPods();
}

function told({ reason, warnings = [], steps }: Explained): string {
  return [reason, ...warnings, ...steps.map((step) => step.reason)].join('\n');
}

describe('a Prometheus that', { timeout: 120_000 }, () => {
  it.each(ROWS)('$fault: no fall, a floor rises, no pile-up, back within two cycles', async (row) => {
    await outcomes.get(row);
  });
});

async function suffer(world: World, row: Row): Promise<void> {
  const answers = watchAnswers(world);
  try {
    await duringFault(world, row);
  } finally {
    cure(world.tiny);
    await row.end?.(world);
  }
  await afterFault(world, row);
  expect(await answers.stop()).toBe(4);
}

async function duringFault(world: World, row: Row): Promise<void> {
  const { tiny } = world;
  tiny.load.most = 0;
  const before = tiny.load.requests;
  const began = Date.now();
  await row.begin(world);
  await world.floor(FLOOR);
  const { answer = FLOOR } = row;
  await eventually(`"${row.says.source}" in explain`, world.explain, (now) =>
    row.held === null
      ? now.at >= began + INTERVAL
      : row.says.test(told(now)) && now.held === row.held && now.replicas === answer,
  );
  await eventually('the floor', world.replicas, (value) => value === answer);
  await world.floor(0);
  await pause(INTERVAL);
  // A hold outranks the end of a floor.
  if (row.held !== null) expect(await world.replicas()).toBe(answer);
  const cycles = (Date.now() - began) / INTERVAL + 1;
  expect(tiny.load.requests - before).toBeLessThanOrEqual(7 * cycles + 4);
  expect(tiny.load.most).toBeLessThanOrEqual(8);
}

async function afterFault(world: World, row: Row): Promise<void> {
  const over = Date.now();
  const skippedBefore = await world.skipped();
  const back = await eventually(
    'the recovery',
    world.explain,
    ({ held, at }) => held === null && at >= over - INTERVAL,
  );
  // Two cycles and a look-back window of one; and one more where the configuration has to be read again first. A starved
  // machine may skip some whole, and counts them.
  const skipped = (await world.skipped()) - skippedBefore;
  expect((back.at - over) / INTERVAL - skipped).toBeLessThanOrEqual(row.end ? 4 : 3);
  await eventually('4 replicas again', world.replicas, (value) => value === 4);
}
