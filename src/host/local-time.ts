/** `2026-11-23 07:12:24`: a wall time in the time zone of the machine. */
export function formatLocalTime(atMs: number): string {
  const at = new Date(atMs);
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** How far the clock on the wall is ahead of UTC at a wall time, in milliseconds. */
export function localOffsetMs(atMs: number): number {
  return -new Date(atMs).getTimezoneOffset() * 60_000;
}

function two(count: number): string {
  return String(count).padStart(2, '0');
}
