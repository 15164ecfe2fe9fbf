import {
  constants,
  accessSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  type Stats,
} from 'node:fs';
import { basename } from 'node:path';
import { messageOf } from '../../src/domain/error.ts';

/** What stands at a path; null: nothing; an error: it cannot be looked at. A plug may be pulled at any moment. */
export function lookAtNode(path: string): Stats | Error | null {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Programs that say less of themselves than what they run. */
const interpreter = /^(?:node|bun|deno|python[0-9.]*|perl|ruby|java|sh|bash)$/;

/** Why a port cannot be opened, and what helps: "permission denied: add the user to the group dialout". */
export function portProblem(path: string, error: unknown): string {
  const status = lookAtNode(path);
  if (status === null) return missing(path);
  if (status instanceof Error) return unreachable(path, status);
  if (!status.isCharacterDevice()) return noPort(path);
  if (!mayUse(path)) return permission(path, status);
  // A path may hold any word.
  const text = messageOf(error).replaceAll(path, 'it');
  if (/inappropriate ioctl/i.test(text)) return noPort(path);
  if (!/\block|busy|EBUSY|EAGAIN|temporarily/i.test(text))
    return `${path} cannot be opened: ${text}`;
  const holder = holderOf(status.rdev);
  if (holds(String(process.pid), status.rdev) || (holder !== null && isOfLimen(holder))) {
    return `${path} leads to a port that another source has open: name each port once`;
  }
  const name = holder === null ? 'another program' : holderText(holder);
  return `${path} is in use by ${name}: end it, or let it leave the port alone`;
}

/** What the user who runs this may do with a port, in words; null: all that is needed. */
export function permissionProblem(path: string): string | null {
  if (mayUse(path)) return null;
  const status = lookAtNode(path);
  if (status === null) return missing(path);
  return status instanceof Error ? unreachable(path, status) : permission(path, status);
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

function noPort(path: string): string {
  return `${path} is not a serial port: limen ports lists what is`;
}

function unreachable(path: string, error: Error): string {
  const isDenied = 'code' in error && error.code === 'EACCES';
  if (isDenied) return `${path} is in a folder that this user may not look into`;
  return `${path} cannot be looked at: ${error.message.replace(/^\w+: |, stat .*$/g, '')}`;
}

function permission(path: string, { gid }: Stats): string {
  const group = groupOf(gid);
  const cure =
    group === null
      ? 'a udev rule that gives access'
      : `sudo usermod -a -G ${group} <user>, then log in anew`;
  return `permission denied for ${path}${group === null ? '' : `, which belongs to the group ${group}`}: ${cure}`;
}

/** The group of a device node; null for root's own, which nobody should join. */
function groupOf(gid: number): string | null {
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

/** Another process that holds a device open, as far as it can be seen: `picocom (process 4711)`. */
export function findHolder(path: string): string | null {
  const status = lookAtNode(path);
  if (status === null || status instanceof Error) return null;
  const holder = holderOf(status.rdev);
  return holder === null ? null : holderText(holder);
}

function holderOf(rdev: number): string | null {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.find((pid) => Number(pid) !== process.pid && holds(pid, rdev)) ?? null;
}

function holderText(pid: string): string {
  return `${nameOf(pid)} (process ${pid})`;
}

// Serial lines and each board with Firmata are read by processes of their own, which one process has started.
function isOfLimen(pid: string): boolean {
  const starter = /^PPid:\t(\d+)$/m.exec(readProcess(pid, 'status'))?.[1];
  return starter === String(process.ppid) && commandOf(pid).some((word) => isPortsProcess(word));
}

function isPortsProcess(word: string): boolean {
  return /\/threads\/(?:ports|firmata)\.[jt]s$/.test(word);
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

// The kernel's name of a process is that of a thread (`MainThread`) with Node, and cut off after 15 bytes with all.
function nameOf(pid: string): string {
  const [program = '', ...words] = commandOf(pid);
  const name = basename(program);
  if (name === '') return readProcess(pid, 'comm').trim() || 'a program';
  if (words.some((word) => isPortsProcess(word))) return 'Limen';
  const script = words.find((word) => !word.startsWith('-')) ?? '';
  return interpreter.test(name) && script !== '' ? `${name} ${script}` : name;
}

// Some overwrite all of it with one text: `node-red --settings x`.
function commandOf(pid: string): readonly string[] {
  const words = readProcess(pid, 'cmdline').split('\0');
  const [first = ''] = words;
  return words.filter((word) => word !== '').length > 1 ? words : first.split(' ');
}

function readProcess(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    // Gone meanwhile.
    return '';
  }
}
