import { readFileSync } from 'node:fs';

/** The child of this process that has the serial ports open; null: there is none at this moment. */
export function findPortsProcess(): number | null {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim();
  for (const pid of children === '' ? [] : children.split(' '))
    if (commandOf(pid).includes('threads/ports')) return Number(pid);
  return null;
}

/** The child of this process that has the serial ports open. */
export function portsProcess(): number {
  const found = findPortsProcess();
  if (found === null) throw new Error('there is no process of serial ports');
  return found;
}

/** User and system time of a process so far. */
export function cpuMs(pid: number): number {
  // In ticks of 10 ms, behind the name in brackets.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
