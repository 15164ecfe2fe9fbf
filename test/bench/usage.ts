import { readFileSync } from 'node:fs';

/** Of the kernel's tick in /proc: 100 a second on every Linux that Node runs on. */
const msPerTick = 10;

/** CPU time of all threads of a process, in milliseconds. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in brackets may hold spaces: the fields after it are counted.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * msPerTick;
}

function field(path: string, name: string): number {
  const line = readFileSync(path, 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${name}:`));
  return Number(/\d+/.exec(line ?? '')?.[0] ?? Number.NaN);
}

/** Resident memory in MB (10^6 bytes). */
export function residentMb(pid: number): number {
  return (field(`/proc/${pid}/status`, 'VmRSS') * 1_024) / 1e6;
}

/** Bytes charged to the block device so far. */
export function writtenBytes(pid: number): number {
  return field(`/proc/${pid}/io`, 'write_bytes');
}

/** Highest resident memory while something runs. */
export async function peakMb(pid: number, running: Promise<unknown>): Promise<number> {
  let peak = residentMb(pid);
  const sampler = setInterval(() => {
    peak = Math.max(peak, residentMb(pid));
  }, 50);
  try {
    await running;
  } finally {
    clearInterval(sampler);
  }
  return peak;
}
