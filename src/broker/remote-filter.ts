/**
 * Compiles an MQTT topic filter: `+` stands for one level, a last `#` for any number of them. As MQTT 4.7.2 asks, a
 * filter that begins with a wildcard does not match topics that begin with `$`.
 */
export function compileFilter(filter: string): (topic: string) => boolean {
  if (!filter.includes('+') && !filter.includes('#')) return (topic) => topic === filter;
  const parts = filter.split('/');
  const open = parts.at(-1) === '#';
  if (open) parts.pop();
  const wildStart = filter.startsWith('+') || filter.startsWith('#');
  return (topic) => {
    if (wildStart && topic.startsWith('$')) return false;
    const levels = topic.split('/');
    // `a/#` matches `a` itself too, so an open filter only needs its own levels to be there.
    if (open ? levels.length < parts.length : levels.length !== parts.length) return false;
    return parts.every((part, index) => part === '+' || part === levels[index]);
  };
}
