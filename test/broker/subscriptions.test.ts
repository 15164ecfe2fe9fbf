import { expect, test } from 'vitest';
import { Subscriptions } from '../../src/broker/subscriptions.ts';
import { limits } from '../../src/domain/limits.ts';

test('Subscriptions wants() knows every filter of every session until it is removed', () => {
  const subscriptions = new Subscriptions();
  expect(subscriptions.wants('sensors/a/t')).toBe(false);
  subscriptions.add('one', 'sensors/+/t');
  subscriptions.add('one', 'other');
  subscriptions.add('two', '#');
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
  subscriptions.add('one', 'a');
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

test('Subscriptions takes a bounded number of filters, of one client and of all', () => {
  const subscriptions = new Subscriptions();
  const { subscriptionsPerClientMax, subscriptionsMax } = limits;
  for (let n = 0; n < subscriptionsPerClientMax; n++)
    expect(subscriptions.add('greedy', `a/${n}`)).toBe(true);
  expect(subscriptions.add('greedy', 'one/more')).toBe(false);
  expect(subscriptions.add('greedy', 'a/0')).toBe(true);
  subscriptions.remove('greedy', ['a/0', 'a/0', 'never']);
  expect(subscriptions.add('greedy', 'one/more')).toBe(true);
  for (let n = 0; subscriptions.count < subscriptionsMax; n++)
    subscriptions.add(`client ${Math.floor(n / 1_000)}`, `b/${n}`);
  expect(subscriptions.add('modest', 'x')).toBe(false);
  subscriptions.drop('greedy');
  expect(subscriptions.add('modest', 'x')).toBe(true);
});
