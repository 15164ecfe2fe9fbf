import type { Route } from '../channel/intake.ts';
import type { Sent } from '../domain/rehearsal.ts';
import type { Message } from './limen-in-test.ts';

/**
 * The message a device would send for a reading, in the convention of its source: the bare word where that says it all,
 * else JSON. null: the source's topic does not name the metric, and then a payload cannot carry a unit.
 */
export function readingMessage(
  { broker, route }: { readonly broker: string; readonly route: Route },
  { metric, text, unit, quality, ageMs }: Sent,
  wallMs: number,
): Message | null {
  const message = { broker, topic: route.topic, retained: false };
  const beside = [
    ...(quality === null ? [] : [`"quality": ${JSON.stringify(quality)}`]),
    ...(ageMs === null ? [] : [`"at": ${wallMs - ageMs}`]),
  ];
  if (route.metric !== null) {
    if (unit === null && beside.length === 0) return { ...message, text };
    const units = unit === null ? [] : [`"unit": ${JSON.stringify(unit)}`];
    return {
      ...message,
      text: `{${[`"value": ${jsonOf(text)}`, ...units, ...beside].join(', ')}}`,
    };
  }
  if (unit !== null) return null;
  return {
    ...message,
    text: `{${[`${JSON.stringify(metric)}: ${jsonOf(text)}`, ...beside].join(', ')}}`,
  };
}

// A number keeps its digits as they are written.
function jsonOf(text: string): string {
  return /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/.test(text) ||
    text === 'true' ||
    text === 'false'
    ? text
    : JSON.stringify(text);
}
