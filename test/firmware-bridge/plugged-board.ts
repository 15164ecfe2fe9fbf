import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { PluggedBoard } from '../../firmware-bridge/emulator/plugged-board.ts';

/** Plugs in an emulated Uno that is gone with the test. `speed`: how many times faster than life its clock runs. */
export async function plugBoard(
  hexFile: string,
  options?: { speed?: number },
): Promise<PluggedBoard> {
  const folder = mkdtempSync(join(tmpdir(), 'limen-board-'));
  const board = await PluggedBoard.start(hexFile, join(folder, 'port'), options);
  onTestFinished(async () => {
    await board.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return board;
}
