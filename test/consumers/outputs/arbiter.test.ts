import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  arbitrate,
  claimedLevel,
  compareClaims,
  isHeld,
  otherThan,
  refusal,
  respend,
  spend,
  type Claim,
  type Situation,
} from '../../../src/consumers/outputs/arbiter.ts';
import { alertKey, alertStates, type Alert } from '../../../src/domain/alert.ts';
import { claimSpans, severities } from '../../../src/domain/rule.ts';
import type { EngineMs } from '../../../src/domain/time.ts';
import { alertOf, unprotected, wall } from '../fixtures.ts';

const siren = { ...unprotected, safe: 'off', idle: 'off', onUnknown: null } as const;

/** Nothing but the claims has a say. */
const free: Omit<Situation, 'spec' | 'claims'> = {
  spent: new Map(),
  idleSpent: false,
  hold: null,
  trip: null,
  interlock: { kind: 'free' },
  leaseLost: null,
  energisedSince: null,
  safeSince: 0,
  now: 1_000_000,
};

function claim(alert: Partial<Alert>, level: 'on' | 'off' = 'on', drill = false): Claim {
  return { alert: alertOf(alert), level, drill, awaitsReading: false };
}

function decide(claims: readonly Claim[], more: Partial<Situation> = {}) {
  return arbitrate({ spec: siren, claims, ...free, ...more });
}

/** Every combination of one value for each key. */
function combinations<T extends Readonly<Record<string, readonly unknown[]>>>(
  of: T,
): readonly { readonly [K in keyof T]: T[K][number] }[] {
  let all: Record<string, unknown>[] = [{}];
  for (const [key, values] of Object.entries(of))
    all = all.flatMap((each) => values.map((value) => ({ ...each, [key]: value })));
  return all as { readonly [K in keyof T]: T[K][number] }[];
}

// What the level depends on, in words; the shortest times are 2 s, and have run for 1 s or 3 s.
const dimensions = {
  wanted: ['nothing', 'energised', 'safe', 'energised, but it is spent', 'energised, if known'],
  held: ['by nobody', 'energised', 'safe'],
  isTripped: [false, true],
  interlock: ['free', 'unknown', 'violated'],
  isLeaseLost: [false, true],
  now: ['energised for 1 s', 'energised for 3 s', 'safe for 1 s', 'safe for 3 s'],
} as const;
type Told = ReturnType<typeof combinations<typeof dimensions>>[number];

function situationOf(told: Told, safe: 'on' | 'off'): Situation {
  const unsafe = otherThan(safe);
  const alert = {
    condition: told.wanted === 'energised, if known' ? 'unknown' : 'breached',
  } as const;
  const present = claim(alert, told.wanted === 'safe' ? safe : unsafe);
  const isSpent = told.wanted === 'energised, but it is spent';
  const agoMs = told.now.endsWith('1 s') ? 1_000 : 3_000;
  const isEnergised = told.now.startsWith('energised');
  return {
    ...free,
    spec: { ...siren, safe, idle: safe, onUnknown: 'safe', minOnMs: 2_000, minOffMs: 2_000 },
    claims: told.wanted === 'nothing' ? [] : [present],
    spent: new Map(isSpent ? [[alertKey(present.alert), spend(present.alert)]] : []),
    hold:
      told.held === 'by nobody'
        ? null
        : {
            level: told.held === 'safe' ? safe : unsafe,
            by: 'anna',
            comment: null,
            endsMs: (free.now + 1) as EngineMs,
          },
    trip: told.isTripped ? { why: 'it sticks', at: wall(1) } : null,
    interlock: told.interlock === 'free' ? { kind: 'free' } : { kind: told.interlock, why: 'why' },
    leaseLost: told.isLeaseLost ? 'away' : null,
    energisedSince: isEnergised ? free.now - agoMs : null,
    safeSince: isEnergised ? 0 : free.now - agoMs,
  };
}

/** The order of contract 4, first what comes first. */
function expected({ wanted, held, isTripped, interlock, isLeaseLost, now }: Told): string {
  if (isTripped) return 'safe: trip';
  const isKept = held === 'by nobody' && wanted === 'nothing' && now === 'energised for 1 s';
  if (!isKept) {
    if (held === 'safe') return 'safe: manual';
    if (held === 'by nobody' && wanted === 'nothing') return 'safe: idle';
    if (held === 'by nobody' && wanted === 'safe') return 'safe: claim';
    if (held === 'by nobody' && wanted === 'energised, but it is spent') return 'safe: max_on';
    if (held === 'by nobody' && wanted === 'energised, if known') return 'safe: on_unknown';
  }
  if (interlock !== 'free') return 'safe: interlock';
  if (isLeaseLost) return 'safe: lease_lost';
  if (isKept) return 'energised: min_on';
  if (now === 'safe for 1 s') return 'safe: min_off';
  return held === 'energised' ? 'energised: manual' : 'energised: claim';
}

describe.each(['on', 'off'] as const)('an output that is safe when it is %s', (safe) => {
  const all = combinations(dimensions);

  test('arbitrate() keeps the order of contract 4 in every situation', () => {
    for (const told of all) {
      const { level, reason } = arbitrate(situationOf(told, safe));
      const found = `${level === safe ? 'safe' : 'energised'}: ${reason}`;
      expect(found, `in ${JSON.stringify(told)}`).toBe(expected(told));
    }
    expect(all).toHaveLength(720);
  });

  test('refusal() lets nobody hold it energised against protection, and says which', () => {
    for (const told of all) {
      const { wanted, isTripped, interlock, isLeaseLost } = told;
      const isUsedUp = wanted === 'energised, but it is spent';
      const why = isTripped
        ? 'tripped'
        : interlock !== 'free'
          ? 'interlock'
          : isLeaseLost
            ? 'lease'
            : isUsedUp
              ? 'max_on'
              : null;
      const said = refusal(situationOf(told, safe));
      if (why === null) expect(said, `in ${JSON.stringify(told)}`).toBeNull();
      else expect(said, `in ${JSON.stringify(told)}`).toContain(why);
    }
  });
});

describe('isHeld()', () => {
  test.each([
    ['raised', ['active', 'acknowledged']],
    ['unacknowledged', ['active', 'returned']],
    ['open', ['active', 'acknowledged', 'returned']],
  ] as const)('isHeld() for the span %s is true in the states %j alone', (span, states) => {
    const held = alertStates.filter((state) => isHeld(alertOf({ state }), span));
    expect(held).toEqual(states);
  });

  test('isHeld() withholds only what is for people while the alert is shelved', () => {
    const shelved = alertOf({ shelvedUntil: wall(9_000) });
    expect(claimSpans.filter((span) => isHeld(shelved, span))).toEqual(['raised', 'open']);
  });

  test.each([{ suppressedBy: 'parent' }, { outOfService: true }])(
    'isHeld() withholds everything while %j',
    (flag) => {
      expect(claimSpans.filter((span) => isHeld(alertOf(flag), span))).toEqual([]);
    },
  );
});

describe('claimedLevel()', () => {
  test('claimedLevel() takes the first action that holds, one claim for each alert', () => {
    const actions = [
      { kind: 'claim', output: 'valve', level: 'off', span: 'unacknowledged' },
      { kind: 'claim', output: 'valve', level: 'on', span: 'open' },
    ] as const;
    expect(claimedLevel(alertOf(), actions)).toBe('off');
    expect(claimedLevel(alertOf({ state: 'acknowledged' }), actions)).toBe('on');
    expect(claimedLevel(alertOf({ state: 'pending' }), actions)).toBeNull();
  });
});

describe('arbitrate()', () => {
  test('arbitrate() falls to idle when nobody claims', () => {
    expect(decide([])).toEqual({ level: 'off', owner: null, reason: 'idle', detail: null });
    expect(decide([], { spec: { ...siren, idle: 'on' } }).level).toBe('on');
  });

  test('arbitrate() gives the output to the most severe claim, also if that one wants it off', () => {
    const verdict = decide([
      claim({ rule: 'a', severity: 'warning' }),
      claim({ rule: 'b', severity: 'critical' }, 'off'),
    ]);
    expect(verdict).toEqual({
      level: 'off',
      owner: 'b/freezer-1/temperature',
      reason: 'claim',
      detail: null,
    });
  });

  test('arbitrate() says when a drill holds the output', () => {
    expect(decide([claim({}, 'on', true)]).reason).toBe('drill');
  });

  test('arbitrate() goes safe, but keeps the owner, while the condition of the owner is unknown', () => {
    const heater = { ...siren, onUnknown: 'safe' } as const;
    const owner = claim({ rule: 'a', severity: 'critical', condition: 'unknown' });
    const other = claim({ rule: 'b', severity: 'warning' });
    expect(decide([other, owner], { spec: heater })).toEqual({
      level: 'off',
      owner: 'a/freezer-1/temperature',
      reason: 'on_unknown',
      detail: null,
    });
    expect(decide([other, owner]).level).toBe('on');
    const restored = { ...claim({ rule: 'r' }), awaitsReading: true };
    expect(decide([restored], { spec: heater }).reason).toBe('on_unknown');
    expect(decide([restored]).reason).toBe('claim');
    expect(
      decide([claim({ ...other.alert, condition: 'unknown' }), claim(owner.alert, 'off')], {
        spec: heater,
      }).reason,
    ).toBe('claim');
  });

  test('arbitrate() stays safe for max_on while every claim that energises is spent', () => {
    const spentClaim = claim({ rule: 'a', severity: 'critical' });
    const spent = new Map([[alertKey(spentClaim.alert), spend(spentClaim.alert)]]);
    expect(decide([spentClaim], { spent })).toEqual({
      level: 'off',
      owner: null,
      reason: 'max_on',
      detail: null,
    });
    const fresh = claim({ rule: 'b', severity: 'info' });
    expect(decide([spentClaim, fresh], { spent }).owner).toBe('b/freezer-1/temperature');
  });

  test('arbitrate() never takes a claim on the safe level for spent', () => {
    const lock = claim({ rule: 'a', severity: 'critical' }, 'off');
    const spent = new Map([[alertKey(lock.alert), spend(lock.alert)]]);
    expect(decide([lock, claim({ rule: 'b' })], { spent }).level).toBe('off');
  });

  test('arbitrate() does not fall to a spent idle level', () => {
    const fan = { ...siren, idle: 'on' } as const;
    expect(decide([], { spec: fan, idleSpent: true })).toEqual({
      level: 'off',
      owner: null,
      reason: 'max_on',
      detail: null,
    });
  });

  test('arbitrate() gives the same verdict for every order of the claims', () => {
    const claims = fc.uniqueArray(arbitraryClaim, {
      selector: ({ alert }) => alertKey(alert),
      maxLength: 6,
    });
    fc.assert(
      fc.property(claims, fc.integer(), (given, turn) => {
        const at = given.length === 0 ? 0 : Math.abs(turn) % given.length;
        expect(decide([...given.slice(at), ...given.slice(0, at)])).toEqual(decide(given));
      }),
    );
  });
});

const arbitraryClaim: fc.Arbitrary<Claim> = fc
  .record({
    rule: fc.constantFrom('a', 'b'),
    device: fc.constantFrom('d', 'e'),
    severity: fc.constantFrom(...severities),
    raisedAt: fc.integer({ min: 1, max: 3 }).map(wall),
    level: fc.constantFrom('on' as const, 'off' as const),
  })
  .map(({ level, ...alert }) => claim(alert, level));

describe('compareClaims()', () => {
  test('compareClaims() orders by severity, then earlier raise, then rule, then point', () => {
    const ordered = [
      claim({ rule: 'z', severity: 'critical', raisedAt: wall(9) }),
      claim({ rule: 'z', severity: 'warning', raisedAt: wall(1) }),
      claim({ rule: 'a', device: 'a', raisedAt: wall(5) }),
      claim({ rule: 'a', device: 'b', raisedAt: wall(5) }),
      claim({ rule: 'b', device: 'a', raisedAt: wall(5) }),
    ];
    expect(ordered.toReversed().toSorted(compareClaims)).toEqual(ordered);
  });
});

describe('respend()', () => {
  const spent = spend(alertOf({ severity: 'critical', raises: 2 }));

  test('respend() keeps a spent claim through an acknowledgement and a return', () => {
    for (const state of ['active', 'acknowledged', 'returned'] as const) {
      expect(respend(spent, alertOf({ severity: 'critical', raises: 2, state }))).toBe(spent);
    }
  });

  test.each([
    { raises: 3 },
    { id: 'freezer-warm/freezer-1/temperature/2' },
    { state: 'normal' as const },
  ])('respend() lets the claim count again once %j', (change) => {
    expect(respend(spent, alertOf({ severity: 'critical', raises: 2, ...change }))).toBeNull();
  });

  test('respend() sees an escalation above the lowest severity since', () => {
    const lower = respend(spent, alertOf({ severity: 'warning', raises: 2 }));
    expect(lower?.severity).toBe('warning');
    expect(lower && respend(lower, alertOf({ severity: 'critical', raises: 2 }))).toBeNull();
  });
});
