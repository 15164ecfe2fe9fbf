import type { Item } from '../codecs/payload.ts';
import { calibrate, calibrationAt, type Calibration } from '../domain/calibration.ts';
import { limits } from '../domain/limits.ts';
import { isName } from '../domain/name.ts';
import { stateIndex } from '../domain/state.ts';
import { releasedMs, type WallMs } from '../domain/time.ts';
import { convert, parseUnit } from '../domain/units.ts';
import type { EngineTime } from './engine-time.ts';
import type { PointRef, Points } from './points.ts';

/** The stored number of an item, in the unit of its point. */
export interface ReadValue {
  /** NaN: there is none. */
  readonly value: number;
  /** Before it was converted and corrected; NaN: the same. */
  readonly raw: number;
  /** Why it is bad; null: it is not. */
  readonly reason: string | null;
  /** What it was corrected by. */
  readonly calibration: Calibration | null;
}

/**
 * Reads values in the order of the contract: parse, convert unit, scale, offset, `valid`. A point learns its unit, its
 * kind and its states on the way.
 */
export class ValueReader {
  readonly #points: Points;
  readonly #time: Pick<EngineTime, 'trusted' | 'lastTrusted'>;

  constructor(points: Points, time: Pick<EngineTime, 'trusted' | 'lastTrusted'>) {
    this.#points = points;
    this.#time = time;
  }

  /** The stored number of an item in the point's unit; a reason if it is bad. */
  read(point: PointRef, { word, unit }: Item, atMs: WallMs): ReadValue {
    switch (word.kind) {
      case 'none':
        return badBecause('not a value');
      case 'text':
        return this.#readText(point, word.text);
      case 'boolean':
        // `off` beside `idle` and `running` is a state like them, also when no rule asks for those any more.
        return point.kind === 'text' || point.takesText
          ? this.#readText(point, word.text)
          : this.#readBoolean(point, word.value);
      case 'number':
        return this.#readNumber(point, word.value, unit, atMs);
      default:
        return word satisfies never;
    }
  }

  #readNumber(point: PointRef, raw: number, unitText: string | null, atMs: WallMs): ReadValue {
    if (point.kind === 'boolean') {
      return raw === 0 || raw === 1
        ? goodValue(raw)
        : badBecause('a number where true or false is expected');
    }
    if (point.kind === 'text') return badBecause('a number where a state is expected');
    let value = raw;
    if (unitText !== null) {
      const unit = parseUnit(unitText);
      if (unit === null) return badBecause('an unknown unit');
      if (point.unit === null) this.#points.learn(point, { unit });
      const converted = convert(raw, unit, point.unit ?? unit);
      if (converted === null) return badBecause('an incompatible unit');
      value = converted;
    }
    const calibration = calibrationAt(point.calibrations, this.#calendarMs(atMs));
    if (calibration !== null) {
      value = calibrate(calibration, value);
      if (!Number.isFinite(value))
        return { ...badBecause('corrected beyond all numbers'), calibration };
    }
    if (value < point.validLow || value > point.validHigh)
      return { value, raw, reason: 'outside the valid range', calibration };
    return { value, raw: value === raw ? NaN : raw, reason: null, calibration };
  }

  /**
   * A clock that was lost says no date: then a calibration goes on that was in force when it was last known. Before the
   * release of this version it is not, whatever a clock says.
   */
  #calendarMs(atMs: WallMs): WallMs {
    if (this.#time.trusted) return atMs;
    return Math.max(atMs, this.#time.lastTrusted?.wallMs ?? 0, releasedMs) as WallMs;
  }

  #readBoolean(point: PointRef, value: boolean): ReadValue {
    if (point.kind === 'number') {
      if (point.settled) return badBecause('true or false where a number is expected');
      this.#points.learn(point, { kind: 'boolean' });
    }
    return goodValue(value ? 1 : 0);
  }

  #readText(point: PointRef, text: string): ReadValue {
    if (point.kind !== 'text' && point.settled)
      return badBecause('a word where a number is expected');
    const known = stateIndex(point.states, text);
    if (known >= 0) return goodValue(known);
    if (point.states.length >= limits.textStatesMax) return badBecause('too many different states');
    if (text.length > limits.textStateCharsMax || !isName(text)) return badBecause('not a state');
    this.#points.learn(point, { kind: 'text', state: text });
    return goodValue(point.states.length - 1);
  }
}

function goodValue(value: number): ReadValue {
  return { value, raw: NaN, reason: null, calibration: null };
}

function badBecause(reason: string): ReadValue {
  return { value: NaN, raw: NaN, reason, calibration: null };
}
