import { compareText } from './alert.ts';

/** Compares names as people sort them: `f2` before `f10`. The same on every machine, whatever its locale. */
export function naturalOrder(a: string, b: string): number {
  const [these, those] = [partsOf(a), partsOf(b)];
  for (const [index, one] of these.entries()) {
    const other = those[index];
    if (other === undefined) return 1;
    const order = compareParts(one, other);
    if (order !== 0) return order;
  }
  // 07 and 7 are different names.
  return these.length - those.length || compareText(a, b);
}

function partsOf(name: string): readonly string[] {
  return name.match(/\d+|\D+/g) ?? [];
}

function compareParts(one: string, other: string): number {
  const areNumbers = /^\d/.test(one) && /^\d/.test(other);
  return areNumbers ? Number(one) - Number(other) : compareText(one, other);
}
