export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Values of a log line's `key=value` pairs. What every line has is not theirs: in JSON they would take its place. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>> &
  Readonly<Partial<Record<'at' | 'level' | 'area' | 'message', never>>>;

/** One line per event: `level area message key=value`. Passed in, never imported. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log for another area. */
  area(name: string): Log;
}

export interface LogSink {
  write(line: string): void;
  readonly isTerminal: boolean;
  readonly hasColors: boolean;
  /** Lines below this level are not written. */
  readonly levelMin: LogLevel;
}

const colors: Readonly<Record<LogLevel, string>> = {
  debug: '2',
  info: '36',
  warn: '33',
  error: '31',
};

/** A log that writes readable lines to a terminal and JSON lines elsewhere. `now` gives wall milliseconds. */
export function createLog(sink: LogSink, now: () => number, area = 'limen'): Log {
  const line = (level: LogLevel, message: string, fields: LogFields = {}): void => {
    if (logLevels.indexOf(level) < logLevels.indexOf(sink.levelMin)) return;
    const at = now();
    if (!sink.isTerminal) {
      // JSON leaves the upper control characters as they are; a terminal that shows the line would obey them.
      sink.write(`${printable(JSON.stringify({ at, level, area, message, ...fields }))}\n`);
      return;
    }
    const word = sink.hasColors
      ? `\u001B[${colors[level]}m${level.padEnd(5)}\u001B[0m`
      : level.padEnd(5);
    let text = `${clockTime(at)} ${word} ${area.padEnd(9)} ${printable(message)}`;
    for (const [key, value] of Object.entries(fields)) {
      if (value === undefined || value === null) continue;
      text += ` ${key}=${quoted(value)}`;
    }
    sink.write(`${text}\n`);
  };
  return {
    debug: (message, fields) => line('debug', message, fields),
    info: (message, fields) => line('info', message, fields),
    warn: (message, fields) => line('warn', message, fields),
    error: (message, fields) => line('error', message, fields),
    area: (name) => createLog(sink, now, name),
  };
}

function clockTime(atMs: number): string {
  const at = new Date(atMs);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

// Names and payloads come from outside: a line break or an escape code in them must not forge a log line.
function printable(text: string): string {
  return text.replace(
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    /[\u0000-\u001F\u007F-\u009F]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function quoted(value: string | number | boolean | null): string {
  if (typeof value !== 'string') return String(value);
  return printable(/^[^\s"=]+$/.test(value) ? value : JSON.stringify(value));
}
