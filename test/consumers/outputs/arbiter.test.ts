import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  arbitrate,
  claimedLevel,
  compareClaims,
  isHeld,
  respend,
  spend,
  type Claim,
  type Situation,
} from '../../../src/consumers/outputs/arbiter.ts';
import { alertKey, alertStates, type Alert } from '../../../src/domain/alert.ts';
import { claimSpans, severities } from '../../../src/domain/rule.ts';
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
