import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compatible,
  convert,
  convertDifference,
  parseUnit,
  unitNames,
} from '../../src/domain/units.ts';

const unitName = fc.constantFrom(...unitNames);

describe('units', () => {
  it.each([
    ['C', '°C'],
    ['degC', '°C'],
    ['℃', '°C'],
    ['ºC', '°C'],
    ['F', '°F'],
    ['kelvin', 'K'],
    ['pct', '%'],
    ['%RH', '%'],
    ['ug/m3', 'µg/m³'],
    ['μg/m³', 'µg/m³'],
    ['m^3', 'm³'],
    ['l/min', 'L/min'],
    ['lux', 'lx'],
    ['KWH', 'kWh'],
    ['hpa', 'hPa'],
    ['mi/h', 'mph'],
    [' °C ', '°C'],
    ['1/cm³', '1/cm³'],
    ['W·min', 'W·min'],
  ])('parseUnit() reads %j as %j', (spelling, canonical) => {
    expect(parseUnit(spelling)).toBe(canonical);
  });

  it.each(['', 'constructor', '__proto__', 'toString', 'k', 'M', 'mega', 'mw', '°', 'MV'])(
    'parseUnit() does not guess at %j',
    (text) => {
      expect(parseUnit(text)).toBe(text === '°' ? '°' : null);
    },
  );

  it('parseUnit() keeps milli and mega apart', () => {
    expect(parseUnit('mW')).toBe('mW');
    expect(parseUnit('MW')).toBe('MW');
    expect(convert(1, 'MW', 'mW')).toBe(1e9);
  });

  it('convert() moves places on a scale, convertDifference() moves differences', () => {
    expect(convert(100, '°C', '°F')).toBe(212);
    expect(convert(212, '°F', '°C')).toBe(100);
    expect(convert(0, '°C', 'K')).toBe(273.15);
    expect(convertDifference(2, '°C', '°F')).toBe(3.6);
    expect(convertDifference(2, '°C', 'K')).toBe(2);
    expect(convert(1500, 'mV', 'V')).toBe(1.5);
    expect(convert(36, 'km/h', 'm/s')).toBeCloseTo(10, 12);
    expect(convert(7.1, 'mm/s', 'm/s')).toBeCloseTo(0.0071, 12);
    expect(convert(1, 'bar', 'hPa')).toBe(1000);
  });

  it('convert() gives null for units that cannot be compared', () => {
    expect(convert(1, '°C', '%')).toBeNull();
    expect(convert(1, '%', 'ppm')).toBeNull();
    expect(convert(1, 'W', 'VA')).toBeNull();
    expect(convertDifference(1, '°C', 'nonsense')).toBeNull();
    expect(compatible('constructor', 'constructor')).toBe(false);
  });

  it('parseUnit() knows its own canonical spellings', () => {
    for (const name of unitNames) expect(parseUnit(name)).toBe(name);
  });

  it('parseUnit() never throws and its answer is a fixed point', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const canonical = parseUnit(text);
        if (canonical !== null) expect(parseUnit(canonical)).toBe(canonical);
      }),
    );
  });

  it('convert() and back gives the same value, and is null exactly for incompatible units', () => {
    const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(unitName, unitName, value, (a, b, start) => {
        const there = convert(start, a, b);
        expect(there === null).toBe(!compatible(a, b));
        if (there === null) return;
        const back = convert(there, b, a) ?? NaN;
        expect(Math.abs(back - start)).toBeLessThanOrEqual(1e-9 * (Math.abs(start) + 1_000));
      }),
    );
  });

  it('convertDifference() turns a difference of places into the difference of their conversions', () => {
    const value = fc.double({ min: -1e3, max: 1e3, noNaN: true });
    fc.assert(
      fc.property(unitName, unitName, value, value, (a, b, x, y) => {
        const first = convert(x, a, b);
        const second = convert(y, a, b);
        const difference = convertDifference(x - y, a, b);
        if (first === null || second === null || difference === null) return;
        const scale = Math.abs(first) + Math.abs(second) + 1;
        expect(Math.abs(first - second - difference)).toBeLessThanOrEqual(1e-9 * scale);
      }),
    );
  });

  it('convert() keeps the value to the last bit when nothing is to convert', () => {
    fc.assert(
      fc.property(unitName, fc.double(), (name, value) => {
        expect(convert(value, name, name)).toBe(value);
      }),
    );
  });
});
