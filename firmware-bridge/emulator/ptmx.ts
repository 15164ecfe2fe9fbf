import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, readSync, writeSync } from 'node:fs';

const { O_RDWR, O_NOCTTY, O_NONBLOCK } = constants;
/** TIOCSPTLCK: the slave of a new pair is locked until this says no. */
const unlock =
  'open(my $f, "+<&=3") or die; my $no = pack("i", 0); ioctl($f, 0x40045431, $no) or die "$!"';
const waitingBytesMax = 4_096;

/** What keeps this machine from making a serial line, with the cure; null: nothing. */
export function ptyProblem(): string | null {
  if (process.platform !== 'linux') return 'only Linux has the pseudo-terminals that are needed';
  try {
    closeSync(openSync('/dev/ptmx', O_RDWR | O_NOCTTY));
  } catch (error) {
    return `/dev/ptmx cannot be opened (${String(codeOf(error))})`;
  }
  const { error } = spawnSync('perl', ['-e', '1']);
  return error === undefined ? null : 'perl is not installed; try: sudo apt install perl-base';
}

/**
 * The far end of a serial line: a pty of Linux. Needs perl for one ioctl that Node does not have, and nothing else.
 * Nothing here waits; the owner polls.
 */
export class Ptmx {
  /** What the near end opens, as if it were `/dev/ttyACM0`. */
  readonly path: string;
  /** Bytes that found no room in the line and were lost, as on a USB adapter. */
  lost = 0;
  readonly #fd: number;
  readonly #buffer = Buffer.alloc(4_096);
  #waiting: Buffer = Buffer.alloc(0);

  constructor() {
    this.#fd = openSync('/dev/ptmx', O_RDWR | O_NOCTTY | O_NONBLOCK);
    const stdio = ['ignore', 'ignore', 'inherit', this.#fd] as const;
    execFileSync('perl', ['-e', unlock], { stdio: [...stdio] });
    const info = readFileSync(`/proc/self/fdinfo/${this.#fd}`, 'utf8');
    this.path = `/dev/pts/${/tty-index:\s*(\d+)/.exec(info)?.[1] ?? ''}`;
    // Only after it was open once does the kernel say whether anybody has it open.
    closeSync(openSync(this.path, O_RDWR | O_NOCTTY));
  }

  /** What has come in since; null while nobody has the line open. */
  poll(): Buffer | null {
    const parts: Buffer[] = [];
    for (;;) {
      const count = this.#read();
      if (count === null) return parts.length > 0 ? Buffer.concat(parts) : null;
      if (count === 0) break;
      parts.push(Buffer.from(this.#buffer.subarray(0, count)));
    }
    this.#flush();
    return Buffer.concat(parts);
  }

  write(bytes: Buffer): void {
    this.#waiting = Buffer.concat([this.#waiting, bytes]);
    this.#flush();
    const over = this.#waiting.length - waitingBytesMax;
    if (over <= 0) return;
    this.lost += over;
    this.#waiting = this.#waiting.subarray(over);
  }

  close(): void {
    closeSync(this.#fd);
  }

  // 0: open and quiet; null: not open.
  #read(): number | null {
    try {
      return readSync(this.#fd, this.#buffer);
    } catch (error) {
      if (codeOf(error) === 'EAGAIN') return 0;
      if (codeOf(error) === 'EIO') return null;
      throw error;
    }
  }

  #flush(): void {
    try {
      while (this.#waiting.length > 0) {
        this.#waiting = this.#waiting.subarray(writeSync(this.#fd, this.#waiting));
      }
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN' && codeOf(error) !== 'EIO') throw error;
    }
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
