import type { MistakeCase } from './mistake-case.ts';

/** A config with this output beside a fan. */
function output(text: string): string {
  return `outputs:\n  fan: { mqtt: { topic: fan } }\n  pump: { ${text} }\n`;
}

const mqtt = 'mqtt: { topic: pump }';
const programs = 'command: { on: [/bin/pump, on], off: [/bin/pump, off] }';

/** What can be wrong with an output and its protection. */
export const outputMistakes: readonly MistakeCase[] = [
  {
    text: 'outputs:\n  fan: { mqtt: { topic: fan } }\n  ¦pump: { safe: off }\n',
    message: 'an output without a way',
    allowed: 'one of mqtt, pin, gpio, command',
  },
  {
    text: `outputs:\n  fan: { mqtt: { topic: fan } }\n  ¦pump: { ${mqtt}, ${programs} }\n`,
    message: 'an output with several ways',
    allowed: 'one of mqtt, pin, gpio, command',
  },
  {
    text: output('¦command: { off: [/bin/x] }'),
    message: 'the key "on" is missing',
    allowed: null,
  },
  {
    text: output('command: { on: ¦[], off: [/bin/x] }'),
    message: 'found no program',
    allowed: 'a list such as [/usr/local/bin/pump, on]',
  },
  {
    text: output('¦command: { on: [/bin/x], off: [/bin/x] }'),
    message: 'on and off both run the same',
    allowed: 'two programs, or one with different arguments',
  },
  {
    text: output(`${programs}, ¦lease: 60s`),
    message: 'lease: has no meaning beside command:',
    allowed: 'lease beside mqtt: the device must have a timer of its own',
  },
  {
    text: `outputs:\n  fan: { ${programs} }\n  pump: { ${programs.replace('on: ', 'on: ¦')} }\n`,
    message: 'the output "fan" already runs "/bin/pump on"',
    allowed: 'a program, or an argument, of its own for each output',
  },
  {
    text: output('gpio: { chip: ¦--help, line: 7 }'),
    message: 'found "--help"',
    allowed: 'a chip as gpiodetect lists it: gpiochip0',
  },
  {
    text: output('gpio: { chip: gpiochip0, line: ¦5000 }'),
    message: 'found 5000',
    allowed: 'the number of a line, from 0 to 1023',
  },
  {
    text: 'outputs:\n  a: { gpio: { chip: gpiochip0, line: 7 } }\n  b: { gpio: { chip: gpiochip0, line: ¦7 } }\n',
    message: 'the output "a" already drives the line 7 of "gpiochip0"',
    allowed: 'one output for each line',
  },
  ...['/dev/gpiochip0', '0'].map((chip) => ({
    text: `outputs:\n  a: { gpio: { chip: gpiochip0, line: 7 } }\n  b: { gpio: { chip: ${chip}, line: ¦7 } }\n`,
    message: 'the output "a" already drives the line 7 of "gpiochip0"',
    allowed: 'one output for each line',
  })),
  {
    text: output('pin: { board: ¦bench, pin: 7 }'),
    message: 'there is no board "bench"',
    allowed: 'the device of a source that is a board; there is none',
  },
  {
    text: output(`${mqtt}, max_on: 1m, ¦min_on: 2m`),
    message: 'min_on of 2m is longer than max_on',
    allowed: 'at most 1m',
  },
  {
    text: output(`${mqtt}, pulse: 5s, ¦max_on: 1m`),
    message: 'max_on: beside pulse:',
    allowed: 'one of them: a pulse has its own end',
  },
  {
    text: output(`${mqtt}, pulse: 5s, ¦min_on: 1s`),
    message: 'min_on: beside pulse:',
    allowed: 'one of them: a pulse has its own end',
  },
  {
    text: output(`${mqtt}, pulse: 5s, ¦idle: on`),
    message: 'an idle level that is not safe, beside pulse:',
    allowed: 'idle as safe: a pulse ends',
  },
  {
    text: output(`${mqtt}, pulse: 5s, ¦feedback: { point: pump/state }`),
    message: 'it is to be seen within 5s, and the pulse is over before',
    allowed: 'within: shorter than 5s',
  },
  {
    text: output(`${mqtt}, feedback: { point: ¦pump* }`),
    message: 'found "pump*"',
    allowed: 'one point as device/metric',
  },
  {
    text: output(`${mqtt}, feedback: { point: pump/state, retries: ¦101 }`),
    message: 'found 101',
    allowed: 'a whole number from 0 to 100',
  },
  {
    text: `rules:\n  shut: { points: pump/state, equals: open }\n${output(
      `${mqtt}, feedback: { point: ¦pump/state }`,
    )}`,
    message: 'a rule compares "pump/state" with a text',
    allowed: 'a point that is on or off, true or false, or a number: 0 is off',
  },
  {
    text: output(`${mqtt}, never_with: [¦fann]`),
    message: 'there is no output "fann"',
    allowed: 'fan',
    suggestion: 'fan',
  },
  {
    text: output(`${mqtt}, never_with: [¦pump]`),
    message: '"pump" is never on together with itself',
    allowed: 'other outputs',
  },
  {
    text: output(`${mqtt}, safe: on, never_with: [¦fan]`),
    message: '"pump" is on when it is safe: after a start both could be on',
    allowed: 'safe: off',
  },
  {
    text: output(`${mqtt}, only_while: { points: tank/level, above: ¦high }`),
    message: 'found "high"',
    allowed: 'a number, or a number and a unit',
  },
];
