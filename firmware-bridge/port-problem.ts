import { constants, accessSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { messageOf } from '../src/domain/error.ts';

/** Why a port cannot be opened, and what helps: "permission denied: add the user to the group dialout". */
export function portProblem(path: string, error: unknown): string {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined) return missing(path);
  if (!status.isCharacterDevice()) return `${path} is not a serial port`;
  if (!mayUse(path)) return permission(path);
  const text = messageOf(error);
  if (!/lock|busy|EBUSY|EAGAIN|temporarily/i.test(text)) return text;
  const holder = findHolder(path);
  const who = holder === null ? 'another program' : holder;
  return `${path} is in use by ${who}: end it, or let it leave the port alone`;
}

/** What the user who runs this may do with a port, in words; null: all that is needed. */
export function permissionProblem(path: string): string | null {
  return mayUse(path) ? null : permission(path);
}

function mayUse(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function missing(path: string): string {
  return `${path} is not there: is it plugged in? limen ports lists what is`;
}

function permission(path: string): string {
  const group = groupOf(path);
  const cure =
    group === null
      ? 'a udev rule that gives access'
      : `sudo usermod -a -G ${group} <user>, then log in anew`;
  return `permission denied for ${path}${group === null ? '' : `, which belongs to the group ${group}`}: ${cure}`;
}

/** The group of a device node; null for root's own, which nobody should join. */
function groupOf(path: string): string | null {
  const { gid } = statSync(path);
  if (gid === 0) return null;
  try {
    const line = readFileSync('/etc/group', 'utf8')
      .split('\n')
      .find((entry) => entry.split(':')[2] === String(gid));
    return line?.split(':')[0] ?? String(gid);
  } catch {
    return String(gid);
  }
}

/** Another process that holds a device open, as far as it can be seen: `picocom (4711)`. */
export function findHolder(path: string): string | null {
  const { rdev } = statSync(path);
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (Number(pid) !== process.pid && holds(pid, rdev)) return `${nameOf(pid)} (process ${pid})`;
  }
  return null;
}

function holds(pid: string, rdev: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      const file = `/proc/${pid}/fd/${fd}`;
      return readlinkSync(file).startsWith('/dev/') && statSync(file).rdev === rdev;
    });
  } catch {
    // Of others, or gone meanwhile.
    return false;
  }
}

function nameOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return 'a program';
  }
}
