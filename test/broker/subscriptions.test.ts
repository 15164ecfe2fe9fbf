import { expect, test } from 'vitest';
import { Subscriptions } from '../../src/broker/subscriptions.ts';

test('Subscriptions wants() knows every filter of every session until it is removed', () => {
  const subscriptions = new Subscriptions();
  expect(subscriptions.wants('sensors/a/t')).toBe(false);
  subscriptions.add('one', ['sensors/+/t', 'other']);
  subscriptions.add('two', ['#']);
  expect(subscriptions.wants('sensors/a/t')).toBe(true);
  subscriptions.remove('two', ['#']);
  expect(subscriptions.wants('sensors/a/t')).toBe(true);
  expect(subscriptions.wants('elsewhere')).toBe(false);
  subscriptions.remove('one', ['sensors/+/t']);
  expect(subscriptions.wants('sensors/a/t')).toBe(false);
  expect(subscriptions.wants('other')).toBe(true);
  subscriptions.drop('one');
  expect(subscriptions.wants('other')).toBe(false);
});

test('Subscriptions generation grows with each change and with nothing else', () => {
  const subscriptions = new Subscriptions();
  const generations = [subscriptions.generation];
  const note = (): void => void generations.push(subscriptions.generation);
  subscriptions.add('one', ['a']);
  note();
  subscriptions.wants('a');
  subscriptions.remove('nobody', ['a']);
  subscriptions.drop('nobody');
  note();
  subscriptions.remove('one', ['a']);
  note();
  subscriptions.drop('one');
  note();
  expect(generations).toEqual([0, 1, 1, 2, 3]);
});
